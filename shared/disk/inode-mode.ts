import type { EntryType } from './file-system.ts'

const types: Readonly<Record<number, EntryType>> = {
  0x1: 'fifo',
  0x2: 'character device',
  0x4: 'directory',
  0x6: 'block device',
  0x8: 'file',
  0xa: 'symlink',
  0xc: 'socket',
}

/** Type and permissions in the sixteen bits of a mode; null when there is no such type. */
export function readMode(mode: number): { readonly type: EntryType; readonly mode: number } | null {
  const type = types[(mode >> 12) & 0xf]
  return type === undefined ? null : { type, mode: mode & 0o7777 }
}
