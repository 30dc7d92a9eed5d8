import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { messageOf } from '#service/errors.ts'
import { ApiError } from './api-error.ts'
import { answerRest, routeRequest } from './ebs/answer-rest.ts'
import type { Received } from './ebs/blocks.ts'
import { answerQuery } from './ec2/answer-query.ts'
import { renderError } from './ec2/xml.ts'
import { refusalOf, type FaultScript } from './faults.ts'
import { answerIam, renderIamError } from './iam/answer-query.ts'
import { answerQuota } from './quotas/answer-json.ts'
import { createReceiver } from './receive.ts'
import { answerParameters } from './ssm/answer-json.ts'
import { verifySignature, type Account, type Caller, type ServiceName } from './signature.ts'
import type { Place, World } from './world.ts'

interface Rules {
  readonly accounts: readonly Account[]
  readonly faults: FaultScript
}

interface Asked {
  readonly service: ServiceName
  readonly operation: string
  readonly isDryRun: boolean
  readonly caller: Caller
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/**
 * EC2, EBS direct, IAM, Service Quotas and Parameter Store behind one address: a form is for EC2, or for IAM if it is signed for that, a path under /snapshots for EBS, and
 * requests for the others name service and operation in a header.
 */
export function createEmulatorServer(
  world: World,
  { accounts, faults }: Rules,
): { readonly server: Server; readonly settled: () => Promise<void> } {
  const receiver = createReceiver()
  let calls = 0

  async function answer(request: IncomingMessage, requestId: string): Promise<Answer | null> {
    const service = serviceOf(request)
    try {
      const received = await receiver.receive(request)
      try {
        if (service === 'servicequotas' || service === 'ssm') return await answerJson(service, request, received)
        return await (service === 'ebs'
          ? answerEbs(request, received)
          : answerForm(service, request, received, requestId))
      } finally {
        receiver.release(received)
      }
    } catch (error) {
      const refusal = refusalIn(error)
      if (refusal && service === 'iam') return iamError(refusal, requestId)
      if (refusal) return service === 'ec2' ? queryError(refusal, requestId) : jsonError(refusal)
      throw error
    }
  }

  async function answerEbs(request: IncomingMessage, received: Received): Promise<Answer | null> {
    const asked = routeRequest(request.method ?? '', request.url ?? '')
    const caller = callerOf(request, received, 'ebs')
    const place = placeOf(caller)
    return await withFaults({ service: 'ebs', operation: asked.operation, caller, isDryRun: false }, async () =>
      renderRest(await answerRest(world, place, asked, request.headers, received)),
    )
  }

  async function answerForm(
    service: 'ec2' | 'iam',
    request: IncomingMessage,
    received: Received,
    requestId: string,
  ): Promise<Answer | null> {
    const form = new URLSearchParams(received.bytes.toString('utf8'))
    const caller = callerOf(request, received, service)
    const place = placeOf(caller)
    const asked = { operation: form.get('Action') ?? '', isDryRun: form.get('DryRun') === 'true' }
    const answerer = service === 'ec2' ? answerQuery : answerIam
    return await withFaults({ service, ...asked, caller }, async () => ({
      status: 200,
      headers: xml,
      body: await answerer(world, place, form, requestId),
    }))
  }

  async function answerJson(service: 'servicequotas' | 'ssm', request: IncomingMessage, received: Received) {
    const operation = String(request.headers['x-amz-target']).replace(/^(AmazonSSM|ServiceQuotasV20190624)\./, '')
    const caller = callerOf(request, received, service)
    const asked = [world, placeOf(caller), operation, received.bytes] as const
    return await withFaults({ service, operation, caller, isDryRun: false }, async () =>
      renderRest({ status: 200, body: service === 'ssm' ? await answerParameters(...asked) : answerQuota(...asked) }),
    )
  }

  function callerOf(request: IncomingMessage, { digest }: Received, service: ServiceName): Caller {
    return verifySignature(request, digest.toString('hex'), {
      service,
      accounts,
      optedIn: world.optedIn,
      now: world.now(),
    })
  }

  async function withFaults({ service, operation, isDryRun, caller }: Asked, act: () => Promise<Answer>) {
    calls += 1
    const fault = await faults({ operation, region: caller.region, number: calls, isDryRun })
    if (fault === 'lost') return null
    const refusal = fault === null ? null : refusalOf(fault, service)
    if (refusal) throw refusal
    if (caller.denied.includes(operation)) throw unauthorized(service, operation)
    const answered = await act()
    return fault === 'unheard' ? null : answered
  }

  const running = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const requestId = randomUUID()
    const answering = answer(request, requestId).then(
      (answered) => {
        if (answered) send(response, requestId, answered, world.now())
        else request.socket.destroy()
      },
      (error: unknown) => {
        // A client that went away in the middle of its request hears no answer.
        if (request.socket.destroyed) return
        world.log.error({ err: error, url: request.url }, 'failed')
        send(
          response,
          requestId,
          queryError(new ApiError(500, 'InternalError', messageOf(error)), requestId),
          world.now(),
        )
      },
    )
    void answering.finally(() => running.delete(answering))
    running.add(answering)
  })
  // Longer than a client keeps a connection that it does not use, so that it is never cut off while it sends.
  server.keepAliveTimeout = 120_000
  return { server, settled: async () => void (await Promise.all(running)) }
}

function serviceOf({ url, headers }: IncomingMessage): ServiceName {
  if (url?.startsWith('/snapshots') === true) return 'ebs'
  const target = headers['x-amz-target']
  if (target === undefined) return headers.authorization?.includes('/iam/aws4_request') === true ? 'iam' : 'ec2'
  return String(target).startsWith('AmazonSSM.') ? 'ssm' : 'servicequotas'
}

function placeOf({ accountId, region }: Caller): Place {
  return { owner: accountId, region }
}

/** Policies come before everything else, so a dry run tells what they deny. */
function unauthorized(service: ServiceName, operation: string): ApiError {
  const message = `You are not authorized to perform this operation: ${service}:${operation}`
  if (service === 'ec2') return new ApiError(403, 'UnauthorizedOperation', message)
  if (service === 'iam') return new ApiError(403, 'AccessDenied', message)
  return new ApiError(403, 'AccessDeniedException', message, service === 'ebs' ? 'UNAUTHORIZED_ACCOUNT' : null)
}

/** A full disk is no trouble of the cloud's that passes: whoever waits for it should hear of it. */
function refusalIn(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error
  const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC'
  return full ? new ApiError(400, 'EmulatorStorageFull', `the emulator cannot keep more: ${error.message}`) : null
}

const xml = { 'content-type': 'text/xml;charset=UTF-8' }
const json = { 'content-type': 'application/json' }

function renderRest({ status, headers = {}, body }: Awaited<ReturnType<typeof answerRest>>): Answer {
  if (Buffer.isBuffer(body))
    return { status, headers: { ...headers, 'content-type': 'application/octet-stream' }, body }
  return { status, headers: { ...headers, ...json }, body: JSON.stringify(body) }
}

/**
 * REST has the code in a header, AWS's JSON protocols, which Service Quotas and Parameter Store speak, in the body: their clients
 * read both.
 */
function jsonError({ status, code, message, reason }: ApiError): Answer {
  const body = JSON.stringify({
    __type: code,
    message,
    Message: message,
    ...(reason === null ? {} : { Reason: reason }),
  })
  return { status, headers: { ...json, 'x-amzn-errortype': code }, body }
}

function queryError({ status, code, message }: ApiError, requestId: string): Answer {
  return { status, headers: xml, body: renderError(code, message, requestId) }
}

function iamError({ status, code, message }: ApiError, requestId: string): Answer {
  return { status, headers: xml, body: renderIamError(code, message, requestId) }
}

function send(response: ServerResponse, requestId: string, { status, headers, body }: Answer, now: Date): void {
  const own = { date: now.toUTCString(), 'x-amzn-requestid': requestId, 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, { ...headers, ...own })
  response.end(body)
}
