import { open, type FileHandle } from 'node:fs/promises'

/** Where a partition begins on its disk, in bytes. */
export interface Partition {
  readonly start: number
}

const sector = 512
const gptGuard = 0xee

/** The partitions of a raw disk, by its GPT or its MBR; extended ones are left out, for no recipe has any. */
export async function partitionsOf(disk: string): Promise<Partition[]> {
  await using file = await open(disk)
  const mbr = await readAt(file, 0, sector)
  if (mbr.readUInt16BE(510) !== 0x55aa) return []
  const entries = [0, 1, 2, 3].map((index) => mbr.subarray(446 + 16 * index, 462 + 16 * index))
  if (entries.some((entry) => entry[4] === gptGuard)) return await gptPartitions(file)
  return entries.filter((entry) => entry[4] !== 0).map((entry) => ({ start: entry.readUInt32LE(8) * sector }))
}

async function gptPartitions(file: FileHandle): Promise<Partition[]> {
  const header = await readAt(file, sector, sector)
  if (header.toString('latin1', 0, 8) !== 'EFI PART') return []
  const size = header.readUInt32LE(84)
  const count = header.readUInt32LE(80)
  if (size < 128 || size > 4096 || count > 1024) return []
  const table = await readAt(file, Number(header.readBigUInt64LE(72)) * sector, size * count)
  return Array.from({ length: count }, (_, index) => table.subarray(index * size, (index + 1) * size))
    .filter((entry) => entry.subarray(0, 16).some((byte) => byte !== 0))
    .map((entry) => ({ start: Number(entry.readBigUInt64LE(32)) * sector }))
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer
}
