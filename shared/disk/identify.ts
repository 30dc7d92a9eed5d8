import type { Bytes } from './bytes.ts'
import { openBtrfs } from './btrfs/btrfs.ts'
import { openExt } from './ext/ext.ts'
import type { FileSystem } from './file-system.ts'
import { openVfat } from './vfat/vfat.ts'
import { openXfs } from './xfs/xfs.ts'

/** What marks the content of a partition: bytes at a place in it. */
const marks: readonly { readonly kind: string; readonly at: number; readonly magic: string }[] = [
  { kind: 'ext', at: 1080, magic: '\x53\xef' },
  { kind: 'xfs', at: 0, magic: 'XFSB' },
  { kind: 'btrfs', at: 65_600, magic: '_BHRfS_M' },
  { kind: 'vfat', at: 82, magic: 'FAT32   ' },
  { kind: 'vfat', at: 54, magic: 'FAT16   ' },
  { kind: 'vfat', at: 54, magic: 'FAT12   ' },
  { kind: 'squashfs', at: 0, magic: 'hsqs' },
  { kind: 'erofs', at: 1024, magic: '\xe2\xe1\xf5\xe0' },
  { kind: 'swap', at: 4086, magic: 'SWAPSPACE2' },
  { kind: 'LUKS', at: 0, magic: 'LUKS\xba\xbe' },
  { kind: 'LVM', at: 536, magic: 'LVM2 001' },
]

/** What some bytes hold, as far as its mark tells; null when none is known. */
export async function identify(bytes: Bytes): Promise<string | null> {
  for (const { kind, at, magic } of marks) {
    if (at + magic.length > bytes.size) continue
    if ((await bytes.read(at, magic.length)).toString('latin1') === magic) return kind
  }
  return null
}

/** Those whose files can be read. */
const openers: Readonly<Record<string, (bytes: Bytes) => Promise<FileSystem>>> = {
  ext: openExt,
  xfs: openXfs,
  btrfs: openBtrfs,
  vfat: openVfat,
}

/** The kinds whose files can be read, for messages. */
export const readableKinds = 'ext2, ext3, ext4, xfs, btrfs and vfat'

/** The file system in some bytes; null when they hold none whose files can be read. */
export async function openFileSystem(bytes: Bytes): Promise<FileSystem | null> {
  return (await openers[(await identify(bytes)) ?? '']?.(bytes)) ?? null
}
