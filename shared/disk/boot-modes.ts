import { open } from 'node:fs/promises'

/** By which firmware a disk can be started. */
export type BootMode = 'bios' | 'uefi'

const sector = 512
/** The code of an MBR ends where its notes on the disk and its partitions begin. */
const codeBytes = 440
/** The type of an EFI system partition, in the byte order of a GPT and as an MBR numbers it. */
const espOfGpt = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex')
const espOfMbr = 0xef

/** Reads from a raw disk by which firmware it can be started: a BIOS needs code in the first sector, UEFI its own partition. */
export async function readBootModes(disk: string): Promise<BootMode[]> {
  await using file = await open(disk)
  const head = Buffer.alloc(34 * sector)
  await file.read(head, 0, head.length, 0)
  const isBios = head.subarray(0, codeBytes).some((byte) => byte !== 0)
  return [...(isBios ? (['bios'] as const) : []), ...(hasEsp(head) ? (['uefi'] as const) : [])]
}

function hasEsp(head: Buffer): boolean {
  const gpt = head.subarray(sector)
  if (gpt.toString('latin1', 0, 8) !== 'EFI PART') {
    return [446, 462, 478, 494].some((entry) => head[entry + 4] === espOfMbr)
  }
  const [count, size] = [gpt.readUInt32LE(80), gpt.readUInt32LE(84)]
  const entries = head.subarray(2 * sector)
  return Array.from({ length: count }, (_, index) => index * size).some((at) =>
    entries.subarray(at, at + 16).equals(espOfGpt),
  )
}
