import { contentBelow } from '../../disk/below.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

const folders = [
  '/var/lib/apt/lists',
  '/var/cache/apt',
  '/var/cache/dnf',
  '/var/cache/libdnf5',
  '/var/cache/yum',
  '/var/cache/PackageKit',
  '/var/cache/man',
]

/** People download no package lists of the day on which the image was built. */
export const caches: DiskCheck = {
  name: 'caches',
  description: 'no package lists and no packages are left of the build',
  severity: 'error',
  rule: 'libguestfs, virt-sysprep(1), operation "package-manager-cache"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree }) => passedIfNone(contentBelow(tree, ...folders), 'empty'),
}
