import type { Chunk } from '#disk/file-system.ts'
import { fingerprint } from '#disk/fingerprint.ts'
import type { Aspects, Facts } from '../description.ts'
import type { Tree, TreeEntry } from '../tree.ts'
import { describeCapabilities } from './capabilities.ts'

/** What is told of a file elsewhere: nothing, all of it, or what it holds. */
export type ToldElsewhere = (entry: TreeEntry) => 'nothing' | 'all' | 'content'

export interface FileReading {
  readonly told: ToldElsewhere
  readonly ownerOf: (entry: TreeEntry) => string
  /** The identity of the root file system: what configuration says of it is alike in two images, though their roots are two. */
  readonly rootUuid: string
  readonly signal?: AbortSignal
}

/** Every file of an image: its type, rights, owner, content, where it leads and its extended attributes. */
export async function readFiles(tree: Tree, { told, ownerOf, rootUuid, signal }: FileReading): Promise<Facts> {
  const facts = new Map<string, Aspects>()
  const digests = new Map<string, string>()
  for (const entry of tree.entries.values()) {
    signal?.throwIfAborted()
    const elsewhere = told(entry)
    if (elsewhere === 'all') continue
    const content =
      entry.type === 'file' && elsewhere === 'nothing' ? await digestOf(entry, { digests, rootUuid }) : null
    facts.set(entry.path, aspectsOf(entry, { owner: ownerOf(entry), content }))
  }
  return facts
}

/** Files with several names are read once. */
async function digestOf(
  entry: TreeEntry,
  { digests, rootUuid }: { readonly digests: Map<string, string>; readonly rootUuid: string },
): Promise<string> {
  const { fileSystem, inode, size, read } = entry
  const isRenamed = isConfiguration(entry)
  const key = `${fileSystem} ${String(inode)} ${String(isRenamed)}`
  const found = digests.get(key) ?? (await fingerprint(size, isRenamed ? renamed(read(), rootUuid) : read()))
  digests.set(key, found)
  return found
}

function isConfiguration({ path, size }: TreeEntry): boolean {
  return size <= longestConfiguration && /^\/(etc|boot|efi)\//.test(path)
}

const longestConfiguration = 64 * 1024

/** The same with another name for the root, of the same length. */
async function* renamed(chunks: AsyncIterable<Chunk>, uuid: string): AsyncGenerator<Chunk> {
  const other = '-'.repeat(uuid.length)
  for await (const { position, bytes } of chunks) {
    const text = bytes.toString('latin1')
    yield { position, bytes: text.includes(uuid) ? Buffer.from(text.replaceAll(uuid, other), 'latin1') : bytes }
  }
}

function aspectsOf(
  entry: TreeEntry,
  { owner, content }: { readonly owner: string; readonly content: string | null },
): Aspects {
  const { type, mode, size, target, device, attributes } = entry
  return {
    type,
    // The kernel gives every link the same.
    ...(type !== 'symlink' && { mode: mode.toString(8).padStart(4, '0') }),
    owner,
    ...(target !== null && { target }),
    ...(device !== null && { device }),
    ...Object.fromEntries([...attributes].map(([name, value]) => attributeOf(name, value))),
    ...(content !== null && { size: String(size), content }),
  }
}

function attributeOf(name: string, value: Buffer): [string, string] {
  if (name === 'security.capability') return ['capabilities', describeCapabilities(value)]
  if (name === 'security.selinux') return ['SELinux label', value.toString('utf8').replace(/\0$/, '')]
  return [`attribute ${name}`, `0x${value.toString('hex')}`]
}
