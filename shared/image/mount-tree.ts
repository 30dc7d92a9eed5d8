import { DiskUnreadable } from '#disk/errors.ts'
import type { FileSystem } from '#disk/file-system.ts'
import { identify, readableKinds } from '#disk/identify.ts'
import type { Volume } from './facts/partitions.ts'
import { mountableParts, rebased, type MountablePart } from './mountable-parts.ts'
import { createTree, type Tree, type TreeEntry } from './tree.ts'

/** An image's files, with those of its other file systems where its fstab has them. */
export interface Mounted {
  readonly tree: Tree
  readonly root: FileSystem
}

/** Puts the file systems of an image together. Throws DiskUnreadable when none that can be read holds a system. */
export async function mountTree(volumes: readonly Volume[]): Promise<Mounted> {
  const parts = await Promise.all(volumes.map(mountableParts))
  const root = parts.flat().find(({ entries }) => entries.some(({ path }) => path === '/usr' || path === '/etc'))
  const fileSystem = root?.volume.fileSystem
  if (!root || !fileSystem) throw new DiskUnreadable(await whyNoSystem(volumes))
  const fstab = readFstab((await createTree(root.entries).text('/etc/fstab')) ?? '')
  const others = parts.flatMap((ofVolume) => {
    const mounted = ofVolume.flatMap((part) => {
      const place = part === root ? null : placeOf(part, fstab)
      return place === null ? [] : [{ part, place }]
    })
    const seen = [...mounted.map(({ part }) => part), ...(ofVolume.includes(root) ? [root] : [])]
    return [...mounted.flatMap(({ part, place }) => rebased(part.entries, place)), ...besides(ofVolume, seen)]
  })
  const hidden = new Set(others.map(({ path }) => path))
  return { root: fileSystem, tree: createTree([...root.entries.filter(({ path }) => !hidden.has(path)), ...others]) }
}

/** What fstab does not mount is told beside the tree, so that it is compared too. */
function besides(parts: readonly MountablePart[], seen: readonly MountablePart[]): TreeEntry[] {
  const whole = parts.find(({ subvolume }) => subvolume === '')
  if (whole === undefined || seen.includes(whole)) return []
  const isSeen = (path: string) => seen.some(({ subvolume }) => path === subvolume || path.startsWith(`${subvolume}/`))
  const unseen = whole.entries.filter(({ path }) => !isSeen(path))
  return rebased(unseen, `/partition ${String(whole.volume.partition?.number ?? 0)}`)
}

interface Mount {
  readonly device: string
  readonly place: string
  /** Without the slash before it; null when none is named. */
  readonly subvolume: string | null
}

function readFstab(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', place = '', , options = ''] = line.trim().split(/\s+/)
    if (device === '' || device.startsWith('#') || !place.startsWith('/')) return []
    const named = /(?:^|,)subvol=\/*([^,]*)/.exec(options)?.[1]
    return [{ device: device.replaceAll('"', ''), place, subvolume: named ?? null }]
  })
}

/** Where fstab mounts a part; null when it does not say. */
function placeOf({ volume, subvolume, isDefault }: MountablePart, fstab: readonly Mount[]): string | null {
  const { partition, fileSystem } = volume
  const names = new Set([
    `UUID=${fileSystem?.uuid ?? ''}`,
    `LABEL=${fileSystem?.label ?? ''}`,
    `PARTUUID=${partition?.uuid?.toLowerCase() ?? ''}`,
    `PARTLABEL=${partition?.name ?? ''}`,
  ])
  const found = fstab.find((mount) => {
    if (!/=./.test(mount.device) || !names.has(mount.device) || mount.place === '/') return false
    return mount.subvolume === null ? isDefault : `/${mount.subvolume}` === subvolume
  })
  return found?.place ?? null
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
