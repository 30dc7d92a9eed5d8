import { open, realpath } from 'node:fs/promises'
import { messageOf } from '#service/errors.ts'
import { assertAllowedLocation } from './location.ts'

/** The metadata of a compose is not to be had. `final` when the place answered, so that asking again is no use. */
export class MetadataUnreadable extends Error {
  override name = 'MetadataUnreadable'
  readonly code = 'METADATA_UNREADABLE'
  readonly final: boolean

  constructor(message: string, final: boolean, options?: ErrorOptions) {
    super(message, options)
    this.final = final
  }
}

/** Reads one metadata file of a compose: its parsed JSON. Throws MetadataUnreadable. */
export type ReadMetadata = (location: string, file: string, signal: AbortSignal) => Promise<unknown>

export interface MetadataOptions {
  /** Locations that may be read, redirects and symbolic links included. */
  readonly allowed: readonly string[]
  /** Time for one file, in milliseconds. */
  readonly deadline: number
  readonly maxBytes: number
}

/** Reads metadata over HTTP or from a folder, within bounds. */
export function createMetadataReader({ allowed, deadline, maxBytes }: MetadataOptions): ReadMetadata {
  return async (location, file, signal) => {
    const from = `${location}/metadata/${file}`
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(deadline)])
    try {
      const bytes = from.startsWith('/') ? await readLocal(from) : await readRemote(from, bounded)
      return parseJson(bytes, from)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof MetadataUnreadable) throw error
      throw new MetadataUnreadable(`${from}: ${causeOf(error)}`, isMissing(error), { cause: error })
    }
  }

  async function readLocal(path: string): Promise<Buffer> {
    const real = await realpath(path)
    const places = await Promise.all(allowed.filter((one) => one.startsWith('/')).map(realpathIfThere))
    assertAllowedLocation(real, places)
    await using handle = await open(real)
    const { size } = await handle.stat()
    if (size > maxBytes) throw tooLarge(path)
    return await handle.readFile()
  }

  async function readRemote(from: string, signal: AbortSignal): Promise<Buffer> {
    let url = from
    for (let hops = 0; hops < 5; hops++) {
      const response = await fetch(url, { redirect: 'manual', signal })
      const next = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || next === null) return await bodyOf(response, from)
      await response.body?.cancel()
      url = assertAllowedLocation(new URL(next, url).href, allowed)
    }
    throw new MetadataUnreadable(`${from}: more than 5 redirects`, true)
  }

  async function bodyOf(response: Response, from: string): Promise<Buffer> {
    if (!response.ok || !response.body) {
      await response.body?.cancel()
      const answered = response.status >= 400 && response.status < 500 && response.status !== 429
      throw new MetadataUnreadable(`${from}: HTTP ${String(response.status)}`, answered)
    }
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of response.body) {
      size += part.length
      if (size > maxBytes) throw tooLarge(from)
      parts.push(part)
    }
    return Buffer.concat(parts)
  }

  function tooLarge(what: string): MetadataUnreadable {
    return new MetadataUnreadable(`${what}: larger than ${String(maxBytes)} bytes`, true)
  }
}

async function realpathIfThere(path: string): Promise<string> {
  return await realpath(path).catch(() => path)
}

function parseJson(bytes: Buffer, from: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    throw new MetadataUnreadable(`${from}: not JSON`, true, { cause: error })
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'PERMANENT'
}

/** fetch says only "fetch failed"; why is in the cause. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined
    ? `${error.message} (${messageOf(error.cause)})`
    : messageOf(error)
}
