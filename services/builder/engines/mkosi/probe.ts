import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import type { EngineProbe, Lack } from '../engine.ts'

/** Tools that mkosi or our recipes call, and the packages that have them on Debian and on Fedora. */
const needs: readonly { readonly tools: readonly string[]; readonly debian: string; readonly fedora: string }[] = [
  { tools: ['bwrap'], debian: 'bubblewrap', fedora: 'bubblewrap' },
  { tools: ['systemd-repart'], debian: 'systemd', fedora: 'systemd-repart' },
  { tools: ['mkfs.ext4', 'debugfs', 'dumpe2fs', 'e2fsck'], debian: 'e2fsprogs', fedora: 'e2fsprogs' },
  { tools: ['qemu-img'], debian: 'qemu-utils', fedora: 'qemu-img' },
  { tools: ['grub-mkimage|grub2-mkimage'], debian: 'grub-common', fedora: 'grub2-tools-minimal' },
  { tools: ['grub-bios-setup|grub2-bios-setup'], debian: 'grub-pc-bin', fedora: 'grub2-tools' },
  { tools: ['apt-get', 'dpkg'], debian: 'apt', fedora: 'apt' },
]

const folders = ['/usr/bin', '/usr/sbin', '/bin', '/sbin', '/usr/lib/grub/i386-pc', '/usr/local/bin']

/** Finds out what mkosi can do on this machine and what it lacks. */
export async function probeMkosi(): Promise<EngineProbe> {
  const installer = existsSync('/usr/bin/apt-get') ? 'apt-get install' : 'dnf install'
  const missing: Lack[] = needs.flatMap(({ tools, debian, fedora }) =>
    tools
      .filter((tool) => !tool.split('|').some(isInstalled))
      .map((what) => ({
        what: what.replace('|', ' or '),
        remedy: `${installer} ${installer.startsWith('apt') ? debian : fedora}`,
      })),
  )
  const version = await mkosiVersion()
  if (version === null) missing.push({ what: 'mkosi', remedy: `${installer} mkosi (24 or newer)` })
  else if (Number.parseInt(version, 10) < 24) {
    missing.push({ what: `mkosi 24 or newer, instead of ${version}`, remedy: 'install mkosi from your backports' })
  }
  if (process.getuid?.() !== 0 && !(await allowsUserNamespaces())) {
    missing.push({ what: 'user namespaces', remedy: 'sysctl kernel.unprivileged_userns_clone=1, or run as root' })
  }
  return { version, architectures: process.arch === 'x64' ? ['i686', 'x86_64'] : ['aarch64'], missing }
}

function isInstalled(tool: string): boolean {
  return folders.some((folder) => existsSync(`${folder}/${tool}`))
}

async function mkosiVersion(): Promise<string | null> {
  try {
    const { stdout } = await run('mkosi', ['--version'], { deadline: 30_000 })
    return /^mkosi (\S+)/m.exec(stdout)?.[1] ?? null
  } catch (error) {
    if (error instanceof ToolMissing) return null
    throw error
  }
}

/** Distributions switch them off in two places. */
async function allowsUserNamespaces(): Promise<boolean> {
  const read = async (path: string) => (await readFile(`/proc/sys/${path}`, 'utf8').catch(() => '')).trim()
  const isOff = (await read('kernel/unprivileged_userns_clone')) === '0'
  return !isOff && (await read('kernel/apparmor_restrict_unprivileged_userns')) !== '1'
}
