import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { accounts, everythingElse, folders, kernel, packageFor, packages, python, versionGiver } from './packages.ts'

/** Something in a package, as its specification names it. */
export interface Entry {
  readonly path: string
  /** Where it is in the tree, if not at its path. */
  readonly from: string
  readonly kind: 'file' | 'folder' | 'link'
  readonly mode: number
  readonly owner: string
  readonly group: string
}

/** What of a tree of Debian's goes into which package, and which of Debian's versions that is. */
export interface Contents {
  readonly entries: ReadonlyMap<string, readonly Entry[]>
  readonly versions: ReadonlyMap<string, string>
}

/** Of no package, or of one machine only. The folders themselves are there. */
const leftOut: readonly RegExp[] = [
  /^\/(dev|proc|sys|run|tmp|boot|var\/(cache|log|tmp|lib\/systemd|lib\/dbus))\/./,
  /^\/(efi|init|vmlinuz.*|initrd\.img.*|etc\/[^/]*-)$/,
  /^\/(var\/lib|etc)\/(apt|dpkg|ucf|pam|initramfs-tools|rc[0-6S]\.d|init\.d|runit)(\/|$)/,
  /^\/etc\/(fstab|machine-id|hostname|resolv\.conf|mtab|issue\.net|debian_version|ssh\/ssh_host_.*|systemd\/(system|user)\/.+)$/,
  /^\/usr\/share\/(doc|info|man|locale|lintian|bug|initramfs-tools)(\/|$)/,
]

/** What Fedora has elsewhere, or calls otherwise. */
const moved: readonly (readonly [RegExp, string])[] = [
  [/^\/boot\/vmlinuz-(.*)$/, '/usr/lib/modules/$1/vmlinuz'],
  [/^\/usr\/lib\/systemd\/system\/ssh\.service$/, '/usr/lib/systemd/system/sshd.service'],
  [/^\/usr\/lib\/cloud-init\/write-ssh-key-fingerprints$/, '/usr/libexec/cloud-init/write-ssh-key-fingerprints'],
]

/** What the scripts of Debian's packages make when they are installed. */
const made: readonly (readonly [RegExp, string])[] = [
  [/^\/usr\/lib\/modules\//, kernel],
  [/^\/usr\/(lib|share)\/python3/, python],
  [/^\/etc\/(ssl\/certs|alternatives|ca-certificates\.conf)/, everythingElse],
  [/^\/usr\/(bin|sbin|lib|share)\//, everythingElse],
  [/^\/etc\/ssh\/sshd_config$/, 'openssh-server'],
  [
    /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid|shells|profile|environment|nsswitch\.conf|ld\.so\.cache|pam\.d\/common-.*|security\/opasswd|inputrc|motd|default\/locale)$/,
    accounts,
  ],
]

/** Sorts everything in a tree that Debian's package manager has installed into the packages of the compose. */
export async function sortContents(tree: string): Promise<Contents> {
  const owners = await readOwners(tree)
  const users = await readNames(join(tree, 'etc/passwd'))
  const groups = await readNames(join(tree, 'etc/group'))
  const entries = new Map<string, Entry[]>(packages.map(({ name }) => [name, []]))
  const own = new Set(packages.flatMap(({ files = {} }) => Object.keys(files)))
  const found = await readdir(tree, { recursive: true, withFileTypes: true })
  for (const one of found) {
    const from = join(one.parentPath, one.name).slice(tree.length)
    const path = moved.reduce((at, [pattern, to]) => at.replace(pattern, to), from)
    if (own.has(path) || leftOut.some((pattern) => pattern.test(path))) continue
    const { mode, uid, gid } = await lstat(join(tree, from))
    const kind = one.isDirectory() ? 'folder' : one.isSymbolicLink() ? 'link' : 'file'
    const name = packageOf(from, path, kind, owners)
    const entry = { path, from, kind, mode: mode & 0o7777, owner: users.get(uid) ?? '', group: groups.get(gid) ?? '' }
    if (name !== null) entries.get(name)?.push(entry as Entry)
  }
  return { entries, versions: await readVersions(tree) }
}

function packageOf(
  from: string,
  path: string,
  kind: Entry['kind'],
  owners: ReadonlyMap<string, string>,
): string | null {
  if (kind === 'folder' || /^\/(bin|sbin|lib\w*)$/.test(path)) return folders
  const owner = owners.get(from)
  if (owner === undefined) return made.find(([pattern]) => pattern.test(path))?.[1] ?? null
  return packageFor(owner)
}

/** Which package of Debian a path is of. Its lists may name /lib for what is in /usr/lib. */
async function readOwners(tree: string): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>()
  const folder = join(tree, 'var/lib/dpkg/info')
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.list'))) {
    const owner = basename(file, '.list').replace(/:\w+$/, '')
    for (const path of (await readFile(join(folder, file), 'utf8')).split('\n')) {
      owners.set(path.replace(/^\/(bin|sbin|lib|lib32|lib64|libx32)\//, '/usr/$1/'), owner)
    }
  }
  return owners
}

/** The versions of the packages of the compose, in Debian's words. */
async function readVersions(tree: string): Promise<ReadonlyMap<string, string>> {
  const there = new Map<string, string>()
  for (const paragraph of (await readFile(join(tree, 'var/lib/dpkg/status'), 'utf8')).split('\n\n')) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? ''
    there.set(field('Package'), field('Version'))
  }
  const versions = new Map<string, string>()
  for (const one of packages) {
    const giver = versionGiver(one, [...there.keys()])
    if (giver !== undefined) versions.set(one.name, there.get(giver) ?? '')
  }
  return versions
}

async function readNames(file: string): Promise<ReadonlyMap<number, string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(':'))
  return new Map(lines.map(([name = '', , id]) => [Number(id), name]))
}
