import type { Architecture } from '#events/vocabulary.ts'
import { ask, type Fetch } from './fetch.ts'
import type { AptSuite } from './sources.ts'

/** Debian's names of our architectures. */
const debianNames: Record<Architecture, string> = { i686: 'i386', x86_64: 'amd64', aarch64: 'arm64' }

/**
 * The package index of a suite for an architecture, or why it cannot be used. A partial mirror may hold the signed list of
 * a suite without the package index that it promises: the package manager would end the whole build with that.
 */
export async function checkSuite(
  { url, suite }: AptSuite,
  architecture: Architecture,
  asking: { readonly fetch: Fetch; readonly signal: AbortSignal },
): Promise<NonNullable<AptSuite['index']> | { readonly unusable: string }> {
  const base = `${url}/dists/${suite}`
  const release = await ask('GET', `${base}/InRelease`, asking)
  if (!release.ok) return { unusable: `the server answers with status ${String(release.status)}` }
  const path = `main/binary-${debianNames[architecture]}`
  const promised = promisedIndex(await release.text(), path)
  if (promised === null) return { unusable: `it has no packages for ${debianNames[architecture]}` }
  const index = { path, sha256: promised.sha256 }
  if ((await ask('HEAD', `${base}/${path}/by-hash/SHA256/${promised.sha256}`, asking)).ok) return index
  const plain = await ask('HEAD', `${base}/${path}/Packages.xz`, asking)
  if (!plain.ok) return { unusable: 'its package index is missing' }
  const size = plain.headers.get('content-length')
  if (size === promised.size) return index
  return { unusable: `its package index has ${String(size)} bytes instead of ${promised.size}` }
}

function promisedIndex(release: string, index: string): { sha256: string; size: string } | null {
  const line = new RegExp(`^ ([0-9a-f]{64})\\s+(\\d+)\\s+${index}/Packages\\.xz$`, 'm').exec(release)
  return line?.[1] !== undefined && line[2] !== undefined ? { sha256: line[1], size: line[2] } : null
}
