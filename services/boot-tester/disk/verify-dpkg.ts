import { createHash } from 'node:crypto'
import type { Tree, TreeEntry } from '#image/tree.ts'
import type { System } from './disk.ts'
import { linesOf } from './below.ts'

/** What came of holding the files of packages to the digests in their database. */
export interface Verified {
  /** How many were held to it. */
  readonly files: number
  readonly faults: readonly { readonly path: string; readonly what: 'is missing' | 'is changed' }[]
}

const info = '/var/lib/dpkg/info'

/** Holds files to the digests of dpkg, its configuration files included. What dpkg was told to leave out may be missing. */
export async function verifyDpkg({ tree, signal }: Pick<System, 'tree' | 'signal'>): Promise<Verified> {
  const isLeftOut = await leftOut(tree)
  const moved = await diversions(tree)
  const digests = [...(await ofPackages(tree)), ...(await ofConfiguration(tree))]
  const faults: Verified['faults'][number][] = []
  for (const [path, digest] of digests) {
    signal.throwIfAborted()
    const entry = tree.find(moved.get(path) ?? path)
    if (entry?.type === 'file') {
      if ((await digestOf(entry, 'md5')) !== digest) faults.push({ path, what: 'is changed' })
    } else if (!isLeftOut(path)) faults.push({ path, what: 'is missing' })
  }
  return { files: digests.length, faults }
}

/** The digest of all that a file holds, holes as zeros. */
export async function digestOf({ size, read }: TreeEntry, algorithm: 'md5' | 'sha256'): Promise<string> {
  const hash = createHash(algorithm)
  let end = 0
  for await (const { position, bytes } of read()) {
    if (position > end) hash.update(Buffer.alloc(position - end))
    hash.update(bytes)
    end = position + bytes.length
  }
  if (size > end) hash.update(Buffer.alloc(size - end))
  return hash.digest('hex')
}

async function ofPackages(tree: Tree): Promise<[string, string][]> {
  const lists = tree.names(info).filter((name) => name.endsWith('.md5sums'))
  const lines = await Promise.all(lists.map((name) => linesOf(tree, `${info}/${name}`)))
  return lines.flat().flatMap((line): [string, string][] => {
    const [, digest, path] = /^([0-9a-f]{32})\s+(.+)$/.exec(line) ?? []
    return digest === undefined || path === undefined ? [] : [[`/${path}`, digest]]
  })
}

/** Configuration that a package no longer has, or that its scripts make, has no digest that counts. */
async function ofConfiguration(tree: Tree): Promise<[string, string][]> {
  const status = (await tree.text('/var/lib/dpkg/status')) ?? ''
  return [...status.matchAll(/^Conffiles:\n((?: .*\n)+)/gm)].flatMap(([, lines = '']) =>
    [...lines.matchAll(/^ (\/.*) ([0-9a-f]{32})$/gm)].map(([, path = '', digest = '']): [string, string] => [
      path,
      digest,
    ]),
  )
}

/** The last rule that fits decides, as dpkg has it; its `*` is also for `/`. */
async function leftOut(tree: Tree): Promise<(path: string) => boolean> {
  const folder = '/etc/dpkg/dpkg.cfg.d'
  const files = ['/etc/dpkg/dpkg.cfg', ...tree.names(folder).map((name) => `${folder}/${name}`)]
  const lines = (await Promise.all(files.map((file) => linesOf(tree, file)))).flat()
  const rules = lines.flatMap((line) => {
    const [, word, glob] = /^path-(exclude|include)[= ](.*)$/.exec(line) ?? []
    if (glob === undefined) return []
    const pattern = new RegExp(
      `^${glob
        .split('*')
        .map((part) => RegExp.escape(part))
        .join('.*')}$`,
      's',
    )
    return [{ isExclusion: word === 'exclude', pattern }]
  })
  // A package lists below `/lib` what lies, and may be excluded, below `/usr/lib`.
  const names = (path: string) => [
    path,
    path.replace(/^\/usr(?=\/(bin|sbin|lib)\b)/, ''),
    path.replace(/^(?=\/(bin|sbin|lib)\b)/, '/usr'),
  ]
  return (path) => rules.findLast(({ pattern }) => names(path).some((name) => pattern.test(name)))?.isExclusion ?? false
}

async function diversions(tree: Tree): Promise<Map<string, string>> {
  const lines = ((await tree.text('/var/lib/dpkg/diversions')) ?? '').split('\n')
  const moved = new Map<string, string>()
  for (let at = 0; at + 2 < lines.length; at += 3) moved.set(lines[at] ?? '', lines[at + 1] ?? '')
  return moved
}
