import { createHash } from 'node:crypto'
import { get } from 'node:http'
import type { Readable } from 'node:stream'
import { messageOf } from '#service/errors.ts'
import { paramError, Refusal } from './refusal.ts'
import type { CloudWorld, FakeTemplate } from './world.ts'

/** What UriUtils.validateUrl lets through. The host of a test's mirror is excepted, as loopback is all that there is. */
export function assertFetchable({ options }: CloudWorld, url: string, format: string): void {
  if (/file:\/\//i.test(url)) throw new Refusal(paramError, 'File:// type urls are currently unsupported')
  const { protocol, port, hostname, host, pathname } = parseUrl(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw new Refusal(paramError, `Unsupported scheme for url: ${url}`)
  if (host !== options.mirror) {
    if (!['', '80', '8080', '443'].includes(port))
      throw new Refusal(paramError, 'Only ports 80, 8080 and 443 are allowed')
    if (hostname === 'localhost' || hostname.startsWith('127.'))
      throw new Refusal(paramError, 'Illegal host specified in url')
  }
  if (!/\.qcow2(\.(zip|bz2|gz))?$/i.test(pathname))
    throw new Refusal(
      paramError,
      `Please specify a valid URL. URL:${url} is an invalid for the format ${format.toLowerCase()}`,
    )
}

function parseUrl(url: string): URL {
  if (!URL.canParse(url)) throw new Refusal(paramError, `Invalid URL ${url}`)
  return new URL(url)
}

/** What DigestHelper.validateChecksumString takes: `{SHA-256}` and hex of its length, or MD5 alone. */
export function assertChecksum(checksum: string | undefined): void {
  if (checksum === undefined) return
  const [, algorithm = 'MD5', hex = ''] = /^(?:\{([^}]*)\})?(.*)$/.exec(checksum) ?? []
  const lengths: Readonly<Record<string, number>> = {
    MD5: 32,
    'SHA-1': 40,
    'SHA-224': 56,
    'SHA-256': 64,
    'SHA-384': 96,
    'SHA-512': 128,
  }
  if (lengths[algorithm] !== hex.length || !/^[0-9a-fA-F]*$/.test(hex))
    throw new Refusal(paramError, `Invalid checksum: ${checksum}`)
}

/** Fetches as the secondary storage VM does, and compares the checksum. */
export async function fetchTemplate(world: CloudWorld, template: FakeTemplate, signal: AbortSignal): Promise<void> {
  template.status = '0% Downloaded'
  await world.fetchGate
  try {
    const digest = createHash('sha256')
    for await (const chunk of await download(template.url, signal)) {
      digest.update(chunk as Buffer)
      template.status = '50% Downloaded'
    }
    const wanted = /^\{SHA-256\}(.*)$/.exec(template.checksum)?.[1]
    const found = digest.digest('hex')
    if (wanted !== undefined && wanted !== found)
      throw new Error(`Failed post download script: checksum mismatch: expected ${wanted}, got ${found}`)
    template.status = 'Download Complete'
    template.isready = true
  } catch (error) {
    template.status = messageOf(error)
    template.failed = true
  }
}

async function download(url: string, signal: AbortSignal): Promise<Readable> {
  const { promise, resolve, reject } = Promise.withResolvers<Readable>()
  get(url, { signal }, (response) => {
    if (response.statusCode === 200) resolve(response)
    else {
      response.resume()
      reject(new Error(`Failed to download ${url}: HTTP Server returned ${String(response.statusCode)}`))
    }
  }).on('error', reject)
  return await promise
}
