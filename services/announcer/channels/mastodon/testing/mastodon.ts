import { z } from 'zod'
import { openHttpServer, type HttpServer, type Request } from '../../../testing/http-server.ts'

export interface TestMastodon extends Pick<HttpServer, 'url' | 'heard'>, AsyncDisposable {
  /** The posts that people see. */
  readonly posts: readonly string[]
}

const post = z.strictObject({
  status: z.string().min(1),
  visibility: z.enum(['public', 'unlisted', 'private']),
  language: z.string(),
})

/**
 * Runs a server that takes a post as Mastodon's documentation has it: by a token, of at most 500 letters in which a link
 * counts 23, and once for each Idempotency-Key. Mastodon itself is too much for a test: it wants Ruby, Redis and a database.
 */
export async function openMastodon(token: string): Promise<TestMastodon> {
  const posts: string[] = []
  const ids = new Map<string, string>()

  function answer({ method, path, headers, body }: Request) {
    if (method !== 'POST' || path !== '/api/v1/statuses') return { status: 404 }
    if (headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: { error: 'The access token is invalid' } }
    const key = headers['idempotency-key']
    if (typeof key !== 'string' || headers['content-type'] !== 'application/json') return { status: 400 }
    const { status } = post.parse(JSON.parse(body))
    const length = Array.from(status.replaceAll(/https?:\/\/\S+/g, 'x'.repeat(23))).length
    if (length > 500) return { status: 422, body: { error: 'Validation failed: Text character limit of 500 exceeded' } }
    if (!ids.has(key)) posts.push(status)
    const id = ids.get(key) ?? String(ids.size)
    ids.set(key, id)
    return { status: 200, body: { id } }
  }

  const server = await openHttpServer(answer)
  return { url: server.url, heard: server.heard, posts, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
