import { messageOf } from '#service/errors.ts'
import { Unreadable, type Source } from './source.ts'
import { measureBytes, takeBytes } from './take-bytes.ts'

/** How long a server may say nothing. */
const patience = 60_000

/** A drop on a web server. What redirects elsewhere is not followed: the mirror that was named is the one that is checked. */
export function openWeb(url: URL): Source {
  const base = new URL(url.href.endsWith('/') ? url.href : `${url.href}/`)

  async function request<Result>(
    path: string,
    take: (chunks: AsyncIterable<Uint8Array>) => Promise<Result>,
  ): Promise<Result | null> {
    const stop = new AbortController()
    const timer = setTimeout(() => {
      stop.abort(new Error(`nothing came for ${String(patience / 1000)} s`))
    }, patience)
    try {
      const address = new URL(path.split('/').map(encodeURIComponent).join('/'), base)
      // As it is stored: what a server packs on the way would be another file.
      const headers = { 'accept-encoding': 'identity' }
      const response = await fetch(address, { redirect: 'manual', headers, signal: stop.signal })
      if (response.status === 404 || response.status === 410) return null
      if (response.status !== 200) throw new Unreadable(`${path}: ${describe(response)}`)
      return await take(heard(response.body ?? [], timer))
    } catch (error) {
      if (error instanceof Unreadable) throw error
      throw new Unreadable(`${path}: ${reasonOf(error)}`, { cause: error })
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

  return {
    where: base.href,
    read: (path, limit) => request(path, (chunks) => takeBytes(chunks, limit, path)),
    measure: (path, limit) => request(path, (chunks) => measureBytes(chunks, limit)),
    parent: () => (base.pathname === '/' ? null : openWeb(new URL('..', base))),
    list: () => Promise.resolve(null),
  }
}

async function* heard(
  chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  timer: NodeJS.Timeout,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    timer.refresh()
    yield chunk
  }
}

function describe({ status, headers }: Response): string {
  const to = headers.get('location')
  return to === null ? `the server says ${String(status)}` : `the server redirects to ${to}, which is not followed`
}

/** What fetch says of itself is only that it failed. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) : messageOf(error)
}
