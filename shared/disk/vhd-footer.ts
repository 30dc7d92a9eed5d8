import { open } from 'node:fs/promises'

/** What a reader must know of a VHD before it may read it. */
export interface VhdFooter {
  readonly kind: 'fixed' | 'dynamic' | 'differencing'
  /** Of the disk, in bytes. */
  readonly size: number
}

/** Every VHD ends with it; one that grows begins with a copy of it, too. */
export const vhdFooterBytes = 512
const cookie = 'conectix'
const kinds: Readonly<Record<number, VhdFooter['kind']>> = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' }

/**
 * Reads the footer as Microsoft's "Virtual Hard Disk Image Format Specification" describes it. Null when the file is no VHD;
 * `cut-short` when it begins as one, and does not end as one.
 */
export async function readVhdFooter(path: string): Promise<VhdFooter | 'cut-short' | null> {
  await using file = await open(path)
  const { size } = await file.stat()
  if (size < vhdFooterBytes) return null
  const readAt = async (position: number) => {
    const { buffer } = await file.read(Buffer.alloc(vhdFooterBytes), 0, vhdFooterBytes, position)
    return parseFooter(buffer)
  }
  const last = await readAt(size - vhdFooterBytes)
  if (last !== null) return last
  return (await readAt(0)) === null ? null : 'cut-short'
}

function parseFooter(bytes: Buffer): VhdFooter | null {
  const kind = kinds[bytes.readUInt32BE(60)]
  const isFooter = bytes.toString('latin1', 0, cookie.length) === cookie && bytes.readUInt32BE(64) === checksumOf(bytes)
  return isFooter && kind !== undefined ? { kind, size: Number(bytes.readBigUInt64BE(48)) } : null
}

/** Of all bytes but its own: the one's complement of their sum. */
function checksumOf(bytes: Buffer): number {
  const sum = bytes.reduce((total, byte, at) => (at >= 64 && at < 68 ? total : total + byte), 0)
  return ~sum >>> 0
}
