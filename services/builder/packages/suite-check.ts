import type { Architecture } from '#events/vocabulary.ts'
import { ask, type Fetch } from './fetch.ts'
import type { AptSuite } from './sources.ts'

/** Debian's names of our architectures. */
const debianNames: Record<Architecture, string> = { i686: 'i386', x86_64: 'amd64', aarch64: 'arm64' }

/**
 * Why a suite cannot be used for an architecture, or null when it can. A partial mirror may hold the signed list of
 * a suite without the package index that it promises: the package manager would end the whole build with that.
 */
export async function whyNotServed(
  { url, suite }: AptSuite,
  architecture: Architecture,
  asking: { readonly fetch: Fetch; readonly signal: AbortSignal },
): Promise<string | null> {
  const base = `${url}/dists/${suite}`
  const release = await ask('GET', `${base}/InRelease`, asking)
  if (!release.ok) return `the server answers with status ${String(release.status)}`
  const index = `main/binary-${debianNames[architecture]}`
  const promised = promisedIndex(await release.text(), index)
  if (promised === null) return `it has no packages for ${debianNames[architecture]}`
  if ((await ask('HEAD', `${base}/${index}/by-hash/SHA256/${promised.sha256}`, asking)).ok) return null
  const plain = await ask('HEAD', `${base}/${index}/Packages.xz`, asking)
  if (!plain.ok) return 'its package index is missing'
  const size = plain.headers.get('content-length')
  return size === promised.size ? null : `its package index has ${String(size)} bytes instead of ${promised.size}`
}

function promisedIndex(release: string, index: string): { sha256: string; size: string } | null {
  const line = new RegExp(`^ ([0-9a-f]{64})\\s+(\\d+)\\s+${index}/Packages\\.xz$`, 'm').exec(release)
  return line?.[1] !== undefined && line[2] !== undefined ? { sha256: line[1], size: line[2] } : null
}
