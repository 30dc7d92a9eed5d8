import { DiskUnreadable } from '#disk/errors.ts'
import type { FileSystem } from '#disk/file-system.ts'
import { identify, readableKinds } from '#disk/identify.ts'
import type { Volume } from './facts/partitions.ts'
import { createTree, type Tree, type TreeEntry } from './tree.ts'

/** An image's files, with those of its other file systems where its fstab has them. */
export interface Mounted {
  readonly tree: Tree
  readonly root: FileSystem
}

/** Puts the file systems of an image together. Throws DiskUnreadable when none that can be read holds a system. */
export async function mountTree(volumes: readonly Volume[]): Promise<Mounted> {
  const trees = await Promise.all(volumes.map(entriesOf))
  const at = trees.findIndex((entries) => entries.some(({ path }) => path === '/usr' || path === '/etc'))
  const root = volumes[at]?.fileSystem
  const rootEntries = trees[at]
  if (!root || !rootEntries) throw new DiskUnreadable(await whyNoSystem(volumes))
  const fstab = (await createTree(rootEntries).text('/etc/fstab')) ?? ''
  const others = volumes.flatMap((volume, index) => {
    if (index === at) return []
    const place = placeOf(volume, fstab)
    return (trees[index] ?? []).map((entry) => ({ ...entry, path: entry.path === '/' ? place : place + entry.path }))
  })
  const hidden = new Set(others.map(({ path }) => path))
  return { root, tree: createTree([...rootEntries.filter(({ path }) => !hidden.has(path)), ...others]) }
}

async function entriesOf({ fileSystem, fault }: Volume, index: number): Promise<TreeEntry[]> {
  if (fault !== null) throw fault
  if (fileSystem === null) return []
  const entries: TreeEntry[] = []
  for await (const entry of fileSystem.entries()) {
    // mkfs makes it, not the system.
    if (entry.path === '/lost+found') continue
    entries.push({ ...entry, fileSystem: String(index), read: () => fileSystem.read(entry) })
  }
  return entries
}

/** Where fstab mounts it; beside the tree when fstab does not say. */
function placeOf({ partition, fileSystem }: Volume, fstab: string): string {
  const names = new Set([
    `UUID=${fileSystem?.uuid ?? ''}`,
    `LABEL=${fileSystem?.label ?? ''}`,
    `PARTUUID=${partition?.uuid?.toLowerCase() ?? ''}`,
    `PARTLABEL=${partition?.name ?? ''}`,
  ])
  const lines = fstab.split('\n').map((line) => line.trim().split(/\s+/))
  const place = lines.find(([device = '']) => /=./.test(device) && names.has(device.replaceAll('"', '')))?.[1]
  return place?.startsWith('/') === true && place !== '/' ? place : `/partition ${String(partition?.number ?? 0)}`
}

async function whyNoSystem(volumes: readonly Volume[]): Promise<string> {
  const found = await Promise.all(
    volumes.map(async ({ partition, bytes, fileSystem }) => {
      const where = partition === null ? 'the whole disk' : `partition ${String(partition.number)}`
      return `${where} holds ${fileSystem?.kind ?? (await identify(bytes)) ?? 'no file system that is known'}`
    }),
  )
  const what = found.length === 0 ? 'it has no partitions' : found.join(', ')
  return `no system was found on it: ${what}; files are read of ${readableKinds}`
}
