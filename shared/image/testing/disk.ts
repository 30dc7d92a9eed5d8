import { randomUUID } from 'node:crypto'
import { link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** A small system as a test wants it: what is not said is as in every other. */
export interface SystemOptions {
  /** Texts by their paths, instead of or beside those of the system; null takes one away. */
  readonly files?: Readonly<Record<string, string | null>>
  /** Links by their paths. */
  readonly links?: Readonly<Record<string, string | null>>
  /** Requests to debugfs, which changes what only root could: `set_inode_field /usr/bin/tool uid 7`. */
  readonly change?: readonly string[]
  /** Of mke2fs. */
  readonly options?: readonly string[]
  readonly uuid?: string
}

/** Where disks are made, until it is disposed of. */
export async function openWorkshop(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-disk-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** Makes a file system that holds a small Debian. */
export async function makeFileSystem(folder: string, system: SystemOptions = {}): Promise<string> {
  const { change = [], options = [], uuid = randomUUID() } = system
  const name = randomUUID()
  const tree = join(folder, `${name}.tree`)
  const disk = join(folder, `${name}.raw`)
  await writeTree(tree, uuid, system)
  await writeFile(disk, '')
  await truncate(disk, 16 * 1024 ** 2)
  // Who runs the tests owns the files; in the image root does.
  await run('mke2fs', ['-q', '-t', 'ext4', '-U', uuid, '-L', 'root', '-d', tree, ...options, disk])
  const paths = (await run('find', ['.', '-printf', '%P\\n'], { cwd: tree })).stdout.split('\n').filter(Boolean)
  const owners = paths.flatMap((path) => [`set_inode_field "/${path}" uid 0`, `set_inode_field "/${path}" gid 0`])
  await debug(disk, [...owners, ...change])
  await rm(tree, { recursive: true })
  return disk
}

/** Changes a file system as debugfs does. */
export async function debug(disk: string, requests: readonly string[]): Promise<void> {
  const script = `${disk}.debugfs`
  await writeFile(script, requests.map((request) => `${request}\n`).join(''))
  await run('debugfs', ['-w', '-f', script, disk])
  await rm(script)
}

/** Puts a file system into a partition of a disk, of which sfdisk makes the table. */
export async function makePartitioned(disk: string, table: string, startMib = 1): Promise<string> {
  const whole = `${disk}.disk`
  await writeFile(whole, '')
  await truncate(whole, 24 * 1024 ** 2)
  const script = `${whole}.table`
  await writeFile(script, table)
  await run('sh', ['-c', 'sfdisk --quiet "$1" < "$2"', 'sfdisk', whole, script])
  await run('dd', [
    `if=${disk}`,
    `of=${whole}`,
    'bs=1M',
    `seek=${String(startMib)}`,
    'conv=notrunc,sparse',
    'status=none',
  ])
  return whole
}

async function writeTree(tree: string, uuid: string, { files = {}, links = {} }: SystemOptions): Promise<void> {
  const texts = Object.entries({ ...ownFiles(uuid), ...files }).filter((one) => one[1] !== null)
  for (const [path, text] of texts) {
    await mkdir(join(tree, dirname(path)), { recursive: true, mode: 0o755 })
    await writeFile(join(tree, path), text ?? '', { mode: path.startsWith('/usr/bin/') ? 0o755 : 0o644 })
  }
  for (const [path, target] of Object.entries({ ...ownLinks, ...links })) {
    if (target === null) continue
    await mkdir(join(tree, dirname(path)), { recursive: true, mode: 0o755 })
    await symlink(target, join(tree, path))
  }
  await link(join(tree, '/usr/bin/tool'), join(tree, '/usr/bin/same-tool'))
}

const stanza = (name: string, version: string) =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nDescription: the package ${name}\n .\n and more\n\n`

/** What dpkg says of a package, for another version or another package. */
export { stanza as dpkgStanza }

function ownFiles(uuid: string): Record<string, string> {
  return {
    '/etc/os-release': 'NAME="Small"\nPRETTY_NAME="Small Linux 1"\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nsmall:x:7:7:Small:/home/small:/bin/sh\n',
    '/etc/shadow': 'root:*:20000:0:99999:7:::\nsmall:!:20000:0:99999:7:::\n',
    '/etc/group': 'root:x:0:\nsmall:x:7:root\n',
    '/etc/gshadow': 'root:*::\nsmall:!::root\n',
    '/etc/fstab': `UUID=${uuid} / ext4 defaults 0 1\n`,
    '/boot/grub/grub.cfg': `set options="console=ttyS0"\nmenuentry "Small" {\n  linux /vmlinuz root=UUID=${uuid} ro $options\n}\n`,
    '/var/lib/dpkg/status': stanza('tool', '1.0-1') + stanza('other', '2:3.4'),
    '/var/lib/dpkg/info/tool.list': '/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/share/tool\n/usr/share/tool/data\n',
    '/var/lib/dpkg/info/other.list': '/.\n/usr/share/other\n',
    '/usr/bin/tool': '#!/bin/sh\necho tool\n',
    '/usr/share/tool/data': 'data '.repeat(5_000),
    '/usr/share/other': 'other\n',
    '/usr/lib/systemd/system/ssh.service': '[Service]\n',
    ...Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`/usr/share/many/a-rather-long-name-${String(index)}`, '']),
    ),
  }
}

const ownLinks: Readonly<Record<string, string>> = {
  '/etc/systemd/system/multi-user.target.wants/ssh.service': '/lib/systemd/system/ssh.service',
  '/etc/systemd/system/multi-user.target.wants/cron.service': '/lib/systemd/system/cron.service',
  '/etc/systemd/system/sshd.service': '/lib/systemd/system/ssh.service',
  '/usr/share/long': `/usr/share/${'long-'.repeat(20)}`,
  '/lib': 'usr/lib',
}
