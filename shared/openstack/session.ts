import type { Authorized, Service } from './keystone.ts'
import type { Reply, Request, Send } from '#publishing/http.ts'

/** A request to a service: its path below the version, `/images`. */
export interface ServiceRequest extends Omit<Request, 'url' | 'body'> {
  readonly path: string
  /** Made anew for each try. */
  readonly body?: () => Request['body']
}

/** Requests to one service under one account. */
export interface Session {
  readonly project: (signal: AbortSignal) => Promise<string>
  readonly ask: (request: ServiceRequest, signal: AbortSignal) => Promise<Reply>
}

/** What is left of a token when a new one is got: an upload must begin with one that is good. */
const margin = 300_000

/** Sessions with the services of a cloud; they share a token, which is got when it is needed, and again when it has run out. */
export function createSessions(
  send: Send,
  authorize: (signal: AbortSignal) => Promise<Authorized>,
  now: () => number,
): (service: Service) => Session {
  let current: Authorized | null = null
  async function authorized(signal: AbortSignal): Promise<Authorized> {
    if (current === null || current.expires.getTime() - margin < now()) current = await authorize(signal)
    return current
  }
  return (service) => ({
    project: async (signal) => (await authorized(signal)).project,
    async ask({ path, body, headers, ...request }, signal) {
      const attempt = async () => {
        const { token, addressOf } = await authorized(signal)
        const content = body?.()
        return await send(
          {
            ...request,
            url: addressOf(service) + path,
            headers: { ...headers, 'x-auth-token': token },
            ...(content === undefined ? {} : { body: content }),
          },
          signal,
        )
      }
      const reply = await attempt()
      if (reply.status !== 401) return reply
      // Revoked before its time: once more with another.
      current = null
      return await attempt()
    },
  })
}
