import type { Authorized } from './keystone.ts'
import type { Reply, Request, Send } from '#publishing/http.ts'

/** A request to Glance: its path below the version, `/images`. */
export interface GlanceRequest extends Omit<Request, 'url' | 'body'> {
  readonly path: string
  /** Made anew for each try. */
  readonly body?: () => Request['body']
}

/** Requests under one account; a token is got when it is needed, and again when it has run out. */
export interface Session {
  readonly project: (signal: AbortSignal) => Promise<string>
  readonly ask: (request: GlanceRequest, signal: AbortSignal) => Promise<Reply>
}

/** What is left of a token when a new one is got: an upload must begin with one that is good. */
const margin = 300_000

export function createSession(
  send: Send,
  authorize: (signal: AbortSignal) => Promise<Authorized>,
  now: () => number,
): Session {
  let current: Authorized | null = null
  async function authorized(signal: AbortSignal): Promise<Authorized> {
    if (current === null || current.expires.getTime() - margin < now()) current = await authorize(signal)
    return current
  }
  return {
    project: async (signal) => (await authorized(signal)).project,
    async ask({ path, body, headers, ...request }, signal) {
      const attempt = async () => {
        const { token, glance } = await authorized(signal)
        const content = body?.()
        return await send(
          {
            ...request,
            url: glance + path,
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
  }
}
