import { PermanentError } from '#service/errors.ts'
import { ToolMissing } from '#subprocess/errors.ts'

/** What installs each tool, by the names of Debian and of Fedora. */
const packages: Readonly<Record<string, string>> = {
  'qemu-img': 'qemu-utils or qemu-img',
  xorriso: 'xorriso',
  unshare: 'util-linux',
  ssh: 'openssh-client or openssh-clients',
  sfdisk: 'fdisk or util-linux',
  blkid: 'util-linux',
  e2fsck: 'e2fsprogs',
  mdir: 'mtools',
  rpm: 'rpm',
  xz: 'xz-utils or xz',
  'ssh-keygen': 'openssh-client or openssh',
}

/** Turns a missing tool into an error that says what to install; every other error stays as it is. */
export function namingPackage(error: unknown): unknown {
  if (!(error instanceof ToolMissing)) return error
  const advice = packages[error.tool] ?? `what brings ${error.tool}`
  return new PermanentError('environment', `${error.tool} is not installed: install ${advice}`, { cause: error })
}
