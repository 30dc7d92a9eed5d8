import { createHash } from 'node:crypto'
import { open, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debug, dpkgStanza, makeFileSystem, makePartitioned } from '#image/testing/disk.ts'
import { run } from '#subprocess/run.ts'

/** Where the root begins. */
export const rootAt = 2 * 1024 ** 2

const rootUuid = '0b6e3f0a-52f1-4c1b-9d0e-6f1d2c3b4a59'

/** What its boot loader gives to the kernel. */
export const kernelLine = `root=UUID=${rootUuid} ro console=tty0 console=ttyS0,115200n8`

const packages = [
  'linux-image-cloud-amd64',
  'cloud-init',
  'cloud-guest-utils',
  'openssh-server',
  'sudo',
  'systemd-sysv',
  'apt',
]
const started = ['ssh', 'cloud-init-local', 'cloud-init', 'cloud-config', 'cloud-final']

const tool = '#!/bin/sh\necho tool\n'
const settings = 'colour = blue\n'

/** The texts of a Debian cloud image that has nothing wrong, as far as anything looks at it. */
const files: Readonly<Record<string, string>> = {
  '/etc/os-release': 'PRETTY_NAME="Small Linux 1"\nID=debian\n',
  '/boot/grub/grub.cfg': `menuentry "Small" {\n  linux /vmlinuz ${kernelLine}\n  initrd /initrd.img\n}\n`,
  '/boot/vmlinuz-1': 'a kernel',
  '/boot/initrd.img-1': 'an initrd',
  '/etc/machine-id': '',
  '/etc/locale.conf': 'LANG=C.UTF-8\n',
  '/etc/sudoers': 'root ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n',
  '/etc/shadow': 'root:!*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n',
  '/etc/apt/sources.list.d/debian.sources':
    '# The archive\nTypes: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\nSigned-By: /usr/share/keyrings/archive.gpg\n',
  '/etc/apt/mirrors/debian.list': 'https://deb.debian.org/debian\n',
  '/usr/share/keyrings/archive.gpg': 'a key',
  '/etc/selinux/config': '# enforced\nSELINUX=enforcing\nSELINUXTYPE=default\n',
  '/etc/selinux/default/policy/policy.33': 'a policy',
  '/etc/tool.conf': settings,
  '/var/log/wtmp': '',
  '/var/log/journal/.keep': '',
  '/var/lib/apt/lists/.keep': '',
  '/root/.profile': 'umask 022\n',
  '/usr/bin/tool': tool,
  '/var/lib/dpkg/info/tool.md5sums': `${md5(tool)}  usr/bin/tool\n`,
  '/var/lib/dpkg/status': packageStatus(),
}

const links: Readonly<Record<string, string | null>> = {
  '/vmlinuz': 'boot/vmlinuz-1',
  '/initrd.img': 'boot/initrd.img-1',
  '/etc/localtime': '/usr/share/zoneinfo/Etc/UTC',
  '/usr/lib/systemd/system/default.target': 'graphical.target',
  '/etc/systemd/system/multi-user.target.wants/cron.service': null,
  ...Object.fromEntries(
    started.map((name) => [
      `/etc/systemd/system/multi-user.target.wants/${name}.service`,
      `/lib/systemd/system/${name}.service`,
    ]),
  ),
}

const folders = ['/tmp', '/var/tmp', '/home', '/etc/sudoers.d', '/root/.ssh', '/etc/ssh']
/** What root alone may do, and what everybody may. */
const modes = { '/usr/bin/sudo': 0o104755, '/tmp': 0o41777, '/var/tmp': 0o41777, '/etc/sudoers': 0o100440 }

const table = `label: gpt
first-lba: 2048
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649, name=bios
start=4096, size=34816, type=L, name=root
start=38912, size=8192, type=U, name=esp
`

/** What dpkg says of the packages, and of others. */
export function packageStatus(others = ''): string {
  const conffiles = `Conffiles:\n /etc/tool.conf ${md5(settings)}\nDescription:`
  const needed = packages.map((name) => dpkgStanza(name, '1')).join('')
  return needed + dpkgStanza('tool', '1.0-1').replace('Description:', conffiles) + others
}

/** Where the ESP begins. */
export const espAt = 19 * 1024 ** 2

/** Makes a disk of 24 MiB with BIOS boot partition, ESP and a root, in which no check finds anything. */
export async function makeCloudImage(folder: string): Promise<string> {
  const root = await makeFileSystem(folder, {
    files: { ...files, '/usr/bin/sudo': 'sudo' },
    links,
    uuid: rootUuid,
    options: ['-O', '^has_journal'],
  })
  await debug(
    root,
    folders.map((path) => `mkdir ${path}`),
  )
  await debug(
    root,
    Object.entries(modes).map(([path, mode]) => `set_inode_field ${path} mode 0${mode.toString(8)}`),
  )
  const label = join(folder, 'label')
  await writeFile(label, 'system_u:object_r:thing_t:s0\0')
  await debug(root, await labelsOf(root, label))
  const disk = join(folder, 'good.raw')
  await rename(await makePartitioned(root, table, 2), disk)
  await writeBootCode(disk)
  await writeEsp(folder, disk)
  await Promise.all([rm(root), rm(label)])
  return disk
}

/** A request to label each thing that there is, by its number. */
async function labelsOf(root: string, label: string): Promise<string[]> {
  const { stdout } = await run('dumpe2fs', [root])
  const used = new Set<number>()
  const count = Number(/^Inode count:\s+(\d+)$/m.exec(stdout)?.[1])
  const free = [...stdout.matchAll(/^ +Free inodes: (.*)$/gm)].flatMap(([, ranges = '']) => ranges.split(', '))
  for (let inode = 1; inode <= count; inode += 1) used.add(inode)
  for (const range of free) {
    const [from = 0, to = from] = range.split('-').map(Number)
    for (let inode = from; inode <= to; inode += 1) used.delete(inode)
  }
  // The first numbers are the file system's own, but for the root folder.
  return [...used]
    .filter((inode) => inode === 2 || inode > 10)
    .map((inode) => `ea_set -f ${label} <${String(inode)}> security.selinux`)
}

async function writeBootCode(path: string): Promise<void> {
  const code = Buffer.alloc(440, 0x90)
  code.write('GRUB', 0x180)
  code.writeBigUInt64LE(2048n, 0x5c)
  await using disk = await open(path, 'r+')
  await disk.write(code, 0, code.length, 0)
  await disk.write('GRUB core', 2048 * 512)
}

/** An ESP as mtools makes it, with a loader at the path for removable media. */
async function writeEsp(folder: string, disk: string): Promise<void> {
  const esp = join(folder, 'esp')
  const loader = join(folder, 'BOOTX64.EFI')
  await writeFile(esp, '')
  await truncate(esp, 4 * 1024 ** 2)
  await writeFile(loader, 'MZ')
  await run('mformat', ['-i', esp, '::'])
  await run('mmd', ['-i', esp, '::/EFI', '::/EFI/BOOT'])
  await run('mcopy', ['-i', esp, loader, '::/EFI/BOOT/BOOTX64.EFI'])
  await run('dd', [`if=${esp}`, `of=${disk}`, 'bs=1M', 'seek=19', 'conv=notrunc,sparse', 'status=none'])
  await Promise.all([rm(esp), rm(loader)])
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
