import { expect, it } from 'vitest'
import type { Entry, FileSystem } from '#disk/file-system.ts'
import type { Volume } from './facts/partitions.ts'
import { mountTree } from './mount-tree.ts'

const uuid = '01234567-89ab-cdef-0123-456789abcdef'

/** A partition that holds texts by their paths; subvolumes begin at the paths that are named. */
function volume(
  number: number,
  files: Readonly<Record<string, string>>,
  { kind = 'btrfs', subvolumes = {} }: { kind?: string; subvolumes?: Record<string, Entry['subvolume']> } = {},
): Volume {
  const folders = new Set(
    Object.keys(files).flatMap((path) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))),
  )
  const entry = (path: string, text: string | null): Entry => ({
    path: path === '' ? '/' : path,
    type: text === null ? 'directory' : 'file',
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: text?.length ?? 0,
    inode: 1,
    target: null,
    device: null,
    attributes: new Map(),
    ...(subvolumes[path] && { subvolume: subvolumes[path] }),
  })
  const entries = [
    ...[...folders].map((path) => entry(path, null)),
    ...Object.entries(files).map((one) => entry(...one)),
  ]
  const fileSystem: FileSystem = {
    kind,
    uuid: kind === 'vfat' ? 'ABCD-1234' : uuid,
    label: '',
    async *entries() {
      yield* await Promise.resolve(entries)
    },
    async *read({ path }) {
      yield await Promise.resolve({ position: 0, bytes: Buffer.from(files[path] ?? '') })
    },
  }
  const partition = { number, start: 0, size: 0, type: '', name: null, uuid: null, isBootable: false }
  return { partition, bytes: { size: 0, read: () => Promise.resolve(Buffer.alloc(0)) }, fileSystem, fault: null }
}

async function pathsOf(...volumes: Volume[]): Promise<string[]> {
  const { tree } = await mountTree(volumes)
  return [...tree.entries.values()].flatMap(({ path, type }) => (type === 'file' ? [path] : [])).toSorted()
}

it('finds the system in a subvolume, and mounts the others where its fstab has them', async () => {
  const fstab = `UUID=${uuid} / btrfs compress=zstd:1,subvol=root 0 0
UUID=${uuid} /home btrfs subvol=/home,compress=zstd:1 0 0
UUID=ABCD-1234 /boot/efi vfat umask=0077 0 2
`
  const files = {
    '/root/etc/fstab': fstab,
    '/root/usr/bin/tool': '',
    '/root/var/lib/machines/nested': '',
    '/home/user/file': '',
    '/snapshot/etc/old': '',
  }
  const subvolumes = {
    '/root': 'other',
    '/home': 'other',
    '/snapshot': 'other',
    '/root/var/lib/machines': 'other',
  } as const
  const esp = volume(2, { '/EFI/BOOT/BOOTX64.EFI': '' }, { kind: 'vfat' })
  expect(await pathsOf(volume(3, files, { subvolumes }), esp)).toEqual([
    '/boot/efi/EFI/BOOT/BOOTX64.EFI',
    '/etc/fstab',
    '/home/user/file',
    '/partition 3/snapshot/etc/old',
    '/usr/bin/tool',
    '/var/lib/machines/nested',
  ])
})

it('takes the default subvolume before one that has a system too', async () => {
  const files = { '/@old/etc/old': '', '/@rootfs/etc/new': '', '/@rootfs/usr/bin/tool': '' }
  const subvolumes = { '/@old': 'other', '/@rootfs': 'default' } as const
  expect(await pathsOf(volume(1, files, { subvolumes }))).toEqual([
    '/etc/new',
    '/partition 1/@old/etc/old',
    '/usr/bin/tool',
  ])
})

it('takes a file system without subvolumes as it is, and tells beside it what is not mounted', async () => {
  const esp = volume(1, { '/loader/loader.conf': '' }, { kind: 'vfat' })
  expect(
    await pathsOf(esp, volume(2, { '/etc/fstab': `UUID=${uuid} / ext4 defaults 0 1\n` }, { kind: 'ext4' })),
  ).toEqual(['/etc/fstab', '/partition 1/loader/loader.conf'])
})
