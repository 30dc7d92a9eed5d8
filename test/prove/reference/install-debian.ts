import { chmod, copyFile, mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import type { Mirror } from '../../../services/builder/packages/host-mirror.ts'
import type { Reference } from '../../../services/boot-tester/reference/reference.ts'

const diskBytes = 6 * 1024 ** 3

/** What Debian's installer adds to the base system on a machine that starts by UEFI, before it asks for tasks. */
const more = [
  'locales',
  'console-setup',
  'keyboard-configuration',
  'linux-image-amd64',
  'grub-efi-amd64',
  'shim-signed',
  'sudo',
]
const tasks = ['standard', 'ssh-server']

interface Installing {
  readonly folder: string
  readonly mirror: Mirror
  readonly say: (text: string) => void
}

/**
 * Installs Debian 12 into a new disk with the tools by which its installer does it, and tells with which and how. The disk is
 * one file system: what starts a machine from it is not written, only its packages are there.
 */
export async function installDebian(
  disk: string,
  { folder, mirror, say }: Installing,
): Promise<Pick<Reference['made'], 'by' | 'how'>> {
  const root = join(folder, 'root')
  const log = join(folder, 'log')
  const on = async (tool: string, ...args: string[]) => await run(tool, args, { log, deadline: 3_600_000 })
  await writeFile(disk, '')
  await truncate(disk, diskBytes)
  await on('mkfs.ext4', '-q', disk)
  await mkdir(root)
  await on('mount', '-o', 'loop', disk, root)
  try {
    say('debootstrap')
    await on('debootstrap', 'bookworm', root, mirror.archive)
    for (const one of ['proc', 'sys', 'dev']) await on('mount', '--bind', `/${one}`, join(root, one))
    // A folder for temporary files of this host is none of the new system.
    const settings = ['DEBIAN_FRONTEND=noninteractive', 'TMPDIR=/tmp']
    const inside = async (...args: string[]) => await on('env', ...settings, 'chroot', root, ...args)
    await prepare(root, mirror)
    say('updates')
    await inside('apt-get', 'update')
    await inside('apt-get', '--yes', 'upgrade')
    say('kernel, boot loader, console')
    await inside('apt-get', '--yes', 'install', ...more)
    say(`tasks: ${tasks.join(', ')}`)
    await inside('tasksel', 'install', ...tasks)
    await rm(join(root, 'usr/sbin/policy-rc.d'))
    const { stdout: version } = await inside('dpkg-query', '--show', '--showformat', '${Version}', 'tasksel')
    return {
      by: `debootstrap and tasksel ${version}`,
      how: `base system, then ${more.join(', ')}, then the tasks ${tasks.join(' and ')}, with recommended packages`,
    }
  } finally {
    await on('umount', '--recursive', root)
  }
}

/** Sources as the installer writes them, and nothing that starts while packages are installed. */
async function prepare(root: string, { archive, security }: Mirror): Promise<void> {
  const parts = 'main non-free-firmware'
  const sources = [`deb ${archive} bookworm ${parts}`, `deb ${archive} bookworm-updates ${parts}`]
  if (security !== null) sources.push(`deb ${security} bookworm-security ${parts}`)
  await writeFile(join(root, 'etc/apt/sources.list'), `${sources.join('\n')}\n`)
  const policy = join(root, 'usr/sbin/policy-rc.d')
  await writeFile(policy, '#!/bin/sh\nexit 101\n')
  await chmod(policy, 0o755)
  await copyFile('/etc/resolv.conf', join(root, 'etc/resolv.conf'))
}
