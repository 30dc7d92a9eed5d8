import { open } from 'node:fs/promises'

/** What a reader must know of a qcow2 file before it may read it. */
export interface Qcow2Header {
  readonly version: number
  readonly hasBackingFile: boolean
  /** One bit for each feature without which the file is not to be read; a reader refuses bits that it does not know. */
  readonly incompatibleFeatures: bigint
}

/** Clusters are compressed with something else than zlib. Readers of before QEMU 5.1 do not know it. */
export const otherCompression = 1n << 3n

/** What it holds is in another file. */
export const externalData = 1n << 2n

/** Reads the header as QEMU's docs/interop/qcow2.txt describes it; null when this is no qcow2 file. */
export async function readQcow2Header(path: string): Promise<Qcow2Header | null> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(80), 0, 80, 0)
  if (bytesRead < 80 || buffer.toString('latin1', 0, 4) !== 'QFI\u00fb') return null
  const version = buffer.readUInt32BE(4)
  return {
    version,
    hasBackingFile: buffer.readBigUInt64BE(8) !== 0n,
    // Version 2 has no such field, and no such features.
    incompatibleFeatures: version < 3 ? 0n : buffer.readBigUInt64BE(72),
  }
}
