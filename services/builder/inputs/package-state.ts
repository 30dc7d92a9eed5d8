import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { PermanentError } from '#service/errors.ts'
import { gather } from '#subprocess/gather.ts'
import { run } from '#subprocess/run.ts'
import { ask, type Fetch } from '../packages/fetch.ts'
import type { AptSuite, PackageSources } from '../packages/sources.ts'
import { reachable, type PackageIndex } from './reachable.ts'

interface Asking {
  readonly fetch: Fetch
  readonly signal: AbortSignal
}

/**
 * A digest of all that repositories say of the packages that could get into an image. Throws PermanentError where that
 * cannot be told.
 */
export async function packageState(
  sources: PackageSources,
  names: Iterable<string>,
  { indexes, ...asking }: Asking & { readonly indexes: IndexReader },
): Promise<string> {
  switch (sources.kind) {
    case 'apt': {
      const read: PackageIndex[] = []
      for (const suite of sources.suites) read.push(await indexes(suite, asking))
      return digestOf(await reachable(read, names))
    }
    case 'dnf': {
      const read: string[] = []
      for (const repository of sources.repositories) read.push(...(await repositoryState(repository, asking)))
      return digestOf(read)
    }
    case 'distribution':
      throw new PermanentError('environment', 'no repository is named from which its packages come')
  }
}

export type IndexReader = (suite: AptSuite, asking: Asking) => Promise<PackageIndex>

/** Reads the index of suites as their signed lists promise it; the same one once. */
export function indexReader(): IndexReader {
  const read = new Map<string, Promise<PackageIndex>>()
  return async (suite, asking) => {
    const { index } = suite
    if (index === undefined) throw new PermanentError('environment', `the suite ${suite.suite} does not tell its index`)
    const before = read.get(index.sha256)
    if (before) return await before
    const reading = readIndex(suite.url, suite.suite, index, asking)
    read.set(index.sha256, reading)
    return await reading
  }
}

async function readIndex(
  url: string,
  suite: string,
  { path, sha256 }: NonNullable<AptSuite['index']>,
  asking: Asking,
): Promise<PackageIndex> {
  const folder = `${url}/dists/${suite}/${path}`
  const byHash = await ask('GET', `${folder}/by-hash/SHA256/${sha256}`, asking)
  const answer = byHash.ok ? byHash : await ask('GET', `${folder}/Packages.xz`, asking)
  const packed = Buffer.from(await answer.arrayBuffer())
  if (!answer.ok || createHash('sha256').update(packed).digest('hex') !== sha256) {
    throw new PermanentError('environment', `${folder}/Packages.xz is not the one that its suite promises`)
  }
  const { output, bytes } = gather()
  await run('xz', ['--decompress', '--stdout'], { input: Readable.from([packed]), output, signal: asking.signal })
  // One byte for each letter is enough to compare by, and half the memory.
  return { text: bytes().toString('latin1') }
}

/** What a repository of RPMs holds, without when it was made: all its lists by their digests, the ones of other forms left out. */
async function repositoryState(repository: string, asking: Asking): Promise<string[]> {
  const url = `${repository}/repodata/repomd.xml`
  const answer = await ask('GET', url, asking)
  if (!answer.ok) throw new PermanentError('environment', `${url} answers with status ${String(answer.status)}`)
  const lists = [...(await answer.text()).matchAll(/<data type="(\w+)">([^]*?)<\/data>/g)]
  const digests = lists
    .filter(([, type = '']) => !/_(db|zck)$/.test(type))
    .map(([, type = '', list = '']) => {
      const [, , digest = ''] = /<(open-)?checksum\b[^>]*>\s*([0-9a-f]+)/.exec(preferOpen(list)) ?? []
      return `${type} ${digest}`
    })
  if (digests.length === 0) throw new PermanentError('environment', `${url} lists nothing`)
  return digests.toSorted()
}

/** The digest of what is packed says more than that of the packed file. */
function preferOpen(list: string): string {
  return /<open-checksum[^]*/.exec(list)?.[0] ?? list
}

function digestOf(lines: readonly string[]): string {
  const hash = createHash('sha256')
  for (const line of lines) hash.update(line).update('\0')
  return hash.digest('hex')
}
