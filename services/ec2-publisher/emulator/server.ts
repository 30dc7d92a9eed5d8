import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { messageOf } from '#service/errors.ts'
import { ApiError } from './api-error.ts'
import { answerRest, routeRequest } from './ebs/answer-rest.ts'
import { answerQuery } from './ec2/answer-query.ts'
import { renderError } from './ec2/xml.ts'
import { refusalOf, type FaultScript } from './faults.ts'
import { createReceiver } from './receive.ts'
import { verifySignature, type Account } from './signature.ts'
import type { World } from './world.ts'

interface Rules {
  readonly accounts: readonly Account[]
  readonly faults: FaultScript
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** EC2 and EBS direct behind one address: a form is for EC2, a path under /snapshots for EBS. */
export function createEmulatorServer(world: World, { accounts, faults }: Rules): Server {
  const receiver = createReceiver()
  let calls = 0

  async function answer(request: IncomingMessage, requestId: string): Promise<Answer | null> {
    const received = await receiver.receive(request)
    const service = request.url?.startsWith('/snapshots') === true ? 'ebs' : 'ec2'
    try {
      const form = new URLSearchParams(service === 'ec2' ? received.bytes.toString('utf8') : '')
      const rest = service === 'ebs' ? routeRequest(request.method ?? '', request.url ?? '') : null
      const digest = received.digest.toString('hex')
      const { accountId: owner, region } = verifySignature(request, digest, service, accounts, world.now())
      calls += 1
      const fault = faults({ operation: rest?.operation ?? form.get('Action') ?? '', number: calls })
      if (fault === 'lost') return null
      const refusal = fault === null ? null : refusalOf(fault, service)
      if (refusal) throw refusal
      const place = { owner, region }
      const answered = rest
        ? renderRest(await answerRest(world, place, rest, request.headers, received))
        : { status: 200, headers: xml, body: await answerQuery(world, place, form, requestId) }
      return fault === 'unheard' ? null : answered
    } catch (error) {
      if (error instanceof ApiError) return service === 'ebs' ? restError(error) : queryError(error, requestId)
      throw error
    } finally {
      receiver.release(received)
    }
  }

  const server = createServer((request, response) => {
    const requestId = randomUUID()
    answer(request, requestId).then(
      (answered) => {
        if (answered) send(response, requestId, answered)
        else request.socket.destroy()
      },
      (error: unknown) => {
        world.log.error({ err: error, url: request.url }, 'failed')
        send(response, requestId, queryError(new ApiError(500, 'InternalError', messageOf(error)), requestId))
      },
    )
  })
  // Longer than a client keeps a connection that it does not use, so that it is never cut off while it sends.
  server.keepAliveTimeout = 120_000
  return server
}

const xml = { 'content-type': 'text/xml;charset=UTF-8' }
const json = { 'content-type': 'application/json' }

function renderRest({ status, headers = {}, body }: Awaited<ReturnType<typeof answerRest>>): Answer {
  if (Buffer.isBuffer(body))
    return { status, headers: { ...headers, 'content-type': 'application/octet-stream' }, body }
  return { status, headers: { ...headers, ...json }, body: JSON.stringify(body) }
}

function restError({ status, code, message, reason }: ApiError): Answer {
  const body = JSON.stringify({ Message: message, ...(reason === null ? {} : { Reason: reason }) })
  return { status, headers: { ...json, 'x-amzn-errortype': code }, body }
}

function queryError({ status, code, message }: ApiError, requestId: string): Answer {
  return { status, headers: xml, body: renderError(code, message, requestId) }
}

function send(response: ServerResponse, requestId: string, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'x-amzn-requestid': requestId, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
