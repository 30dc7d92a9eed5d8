import { posix } from 'node:path'
import type { Tree } from '#image/tree.ts'
import { sourcesOf, type PackageSource } from '../../disk/package-sources.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'
import type { System } from '../../disk/disk.ts'

/** Updates come from the distribution, and only from it. */
export const packageSources: DiskCheck = {
  name: 'package-sources',
  description:
    "there are package sources, each is signed, and each is the distribution's own and not the mirror of the build",
  severity: 'error',
  rule: 'sources.list(5), "Signed-By"; apt-secure(8); dnf.conf(5), "gpgcheck"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async (system) => {
    const sources = await sourcesOf(system.tree)
    if (sources.length === 0) return { outcome: 'failed', detail: 'it has no package sources' }
    const all = sources.flatMap(({ addresses }) => addresses)
    return passedIfNone(
      sources.flatMap((source) => faultsOf(source, system)),
      [...new Set(all.map(hostOf))].join(', '),
    )
  },
}

function faultsOf({ from, key, isUnsigned, addresses }: PackageSource, { tree, expected }: System): string[] {
  const found: string[] = []
  if (isUnsigned) found.push(`${from} does not ask for signatures`)
  else if (key === null) found.push(`${from} names no key`)
  else if (key.startsWith('/') && !isThere(tree, key)) found.push(`${from}: there is no key ${key}`)
  if (addresses.length === 0) found.push(`${from} names no address`)
  const archives = expected?.archives
  const foreign = archives === undefined ? [] : addresses.filter((one) => !archives.includes(hostOf(one)))
  return [...found, ...foreign.map((one) => `${from} names ${one}`)]
}

/** dnf puts release and architecture into the name of a key. */
function isThere(tree: Tree, key: string): boolean {
  const [start = ''] = key.split('$')
  if (start === key) return tree.find(key)?.type === 'file'
  return tree.names(posix.dirname(start)).some((name) => name.startsWith(posix.basename(start)))
}

function hostOf(address: string): string {
  return URL.parse(address)?.host ?? address
}
