import { open, realpath } from 'node:fs/promises'
import { messageOf } from '#service/errors.ts'
import { assertAllowedLocation } from './location.ts'
import { Refused } from './refused.ts'

/** A file of a compose is not to be had. `final` when the place answered, so that asking again is no use. */
export class PlaceUnreadable extends Error {
  override name = 'PlaceUnreadable'
  readonly code = 'PLACE_UNREADABLE'
  readonly final: boolean

  constructor(message: string, final: boolean, options?: ErrorOptions) {
    super(message, options)
    this.final = final
  }
}

/** What tells an HTTP server which version of a file we have. */
export interface Version {
  readonly etag: string | null
  readonly modified: string | null
}

/** A file as it is now. */
export interface Content {
  readonly bytes: Buffer
  readonly version: Version
}

/** Reads a file by URL or path; null when it is still the version that is known. Throws PlaceUnreadable. */
export type ReadPlace = (from: string, signal: AbortSignal, known?: Version) => Promise<Content | null>

export interface PlaceOptions {
  /** Locations that may be read, redirects and symbolic links included. */
  readonly allowed: readonly string[]
  /** Time for one file, in milliseconds. */
  readonly deadline: number
  readonly maxBytes: number
}

const unknown: Version = { etag: null, modified: null }

/** Reads files over HTTP or from folders, within bounds. */
export function createPlaceReader({ allowed, deadline, maxBytes }: PlaceOptions): ReadPlace {
  return async (from, signal, known = unknown) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(deadline)])
    try {
      if (from.startsWith('/')) return { bytes: await readLocal(from), version: unknown }
      return await readRemote(from, bounded, known)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof PlaceUnreadable) throw error
      throw new PlaceUnreadable(`${from}: ${causeOf(error)}`, isMissing(error), { cause: error })
    }
  }

  async function readLocal(path: string): Promise<Buffer> {
    await using handle = await open(await realAllowed(path, allowed))
    const { size } = await handle.stat()
    if (size > maxBytes) throw tooLarge(path)
    return await handle.readFile()
  }

  async function readRemote(from: string, signal: AbortSignal, known: Version): Promise<Content | null> {
    const headers = {
      ...(known.etag === null ? {} : { 'if-none-match': known.etag }),
      ...(known.modified === null ? {} : { 'if-modified-since': known.modified }),
    }
    let url = from
    for (let hops = 0; hops < 5; hops++) {
      const response = await fetch(url, { redirect: 'manual', signal, headers })
      if (response.status === 304) return null
      const next = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || next === null) return await contentOf(response, from)
      await response.body?.cancel()
      url = assertAllowedLocation(new URL(next, url).href, allowed)
    }
    throw new PlaceUnreadable(`${from}: more than 5 redirects`, true)
  }

  async function contentOf(response: Response, from: string): Promise<Content> {
    if (!response.ok || !response.body) {
      await response.body?.cancel()
      const answered = response.status >= 400 && response.status < 500 && response.status !== 429
      throw new PlaceUnreadable(`${from}: HTTP ${String(response.status)}`, answered)
    }
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of response.body) {
      size += part.length
      if (size > maxBytes) throw tooLarge(from)
      parts.push(part)
    }
    const version = { etag: response.headers.get('etag'), modified: response.headers.get('last-modified') }
    return { bytes: Buffer.concat(parts), version }
  }

  function tooLarge(what: string): PlaceUnreadable {
    return new PlaceUnreadable(`${what}: larger than ${String(maxBytes)} bytes`, true)
  }
}

/** Where a path leads to, links followed. Throws Refused when that is not allowed. */
export async function realAllowed(path: string, allowed: readonly string[]): Promise<string> {
  const real = await realpath(path)
  const places = await Promise.all(allowed.filter((one) => one.startsWith('/')).map(realpathIfThere))
  return assertAllowedLocation(real, places)
}

async function realpathIfThere(path: string): Promise<string> {
  return await realpath(path).catch(() => path)
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return error instanceof Refused || code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES'
}

/** fetch says only "fetch failed"; why is in the cause. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined
    ? `${error.message} (${messageOf(error.cause)})`
    : messageOf(error)
}
