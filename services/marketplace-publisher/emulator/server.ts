import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { messageOf } from '#service/errors.ts'
import { answer } from './answer.ts'
import { ApiError } from './api-error.ts'
import { verifySignature, type Account } from './signature.ts'
import type { World } from './world.ts'

/** What may go wrong with a call. `lost` is cut off before anything is done, `unheard` after everything was. */
export type Fault = 'throttled' | 'broken' | 'lost' | 'unheard'

/** Decides for each call, by its number from 1, whether something goes wrong. */
export type FaultScript = (call: { readonly operation: string; readonly number: number }) => Fault | null

interface Rules {
  readonly accounts: readonly Account[]
  readonly faults: FaultScript
  /** The clock that signatures are held to: that of the host, whatever time it is in the catalog. */
  readonly hostNow: () => Date
}

/** The catalog over HTTP, as REST with JSON. */
export function createCatalogServer(world: World, { accounts, faults, hostNow }: Rules): Server {
  let calls = 0

  /** Null: the connection is cut off. */
  async function respond(request: IncomingMessage): Promise<object | null> {
    const bytes = await buffer(request)
    const url = new URL(request.url ?? '/', 'http://localhost')
    const operation = url.pathname.slice(1)
    const account = verifySignature(request, createHash('sha256').update(bytes).digest('hex'), {
      accounts,
      now: hostNow(),
    })
    calls += 1
    const fault = faults({ operation, number: calls })
    if (fault === 'lost') return null
    if (fault === 'throttled') throw new ApiError(429, 'ThrottlingException', 'Rate exceeded')
    if (fault === 'broken') throw new ApiError(500, 'InternalServiceException', 'Internal error')
    if (account.denied?.includes(operation) === true)
      throw new ApiError(403, 'AccessDeniedException', `Not authorized to perform aws-marketplace:${operation}`)
    const body = bytes.length === 0 ? {} : (JSON.parse(bytes.toString('utf8')) as Readonly<Record<string, unknown>>)
    const answered = await answer(world, account.accountId, {
      method: request.method ?? '',
      operation,
      query: url.searchParams,
      body,
    })
    return fault === 'unheard' ? null : answered
  }

  return createServer((request, response) => {
    respond(request).then(
      (answered) => {
        if (answered) send(response, 200, answered)
        else request.socket.destroy()
      },
      (error: unknown) => {
        if (request.socket.destroyed) return
        const refusal =
          error instanceof ApiError ? error : new ApiError(500, 'InternalServiceException', messageOf(error))
        if (!(error instanceof ApiError)) world.log.error({ err: error, url: request.url }, 'failed')
        send(response, refusal.status, { Message: refusal.message }, { 'x-amzn-errortype': refusal.code })
      },
    )
  })
}

function send(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers })
  response.end(JSON.stringify(body))
}
