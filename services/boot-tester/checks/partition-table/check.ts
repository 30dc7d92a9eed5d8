import type { Partition } from '#disk/partitions.ts'
import { run } from '#subprocess/run.ts'
import type { Disk } from '../../disk/disk.ts'
import { passedIfNone, skipped, type DiskCheck } from '../check.ts'

const mebi = 1024 ** 2

/** Partitions of an MBR that are only room for others. */
const extended = new Set(['5', 'f', '85'])

/** The partitions lie where firmware, boot loaders and clouds' disks want them. */
export const partitionTable: DiskCheck = {
  name: 'partition-table',
  description: 'the partition table and its copy are intact, and every partition lies at a whole MiB of the disk',
  severity: 'error',
  rule: 'UEFI specification 2.10, 5.3 "GUID Partition Table"; sfdisk(8), "Notes" (alignment)',
  since: '2026-11-26',
  on: 'disk',
  reads: 'disk',
  judge: async (disk) => {
    const { table } = disk
    if (table === null) return skipped('the disk has no partition table')
    const parts = table.partitions.filter(({ type }) => !extended.has(type))
    const found = [...(await complaints(disk)), ...unaligned(parts), ...overlapping(parts), ...beyond(parts, disk)]
    return passedIfNone(found, `${table.label} with ${String(parts.length)} partitions`)
  },
}

/** What sfdisk has against it. Room that is not used is no fault. */
async function complaints({ path, signal }: Disk): Promise<string[]> {
  const said: string[] = []
  await run('sfdisk', ['--verify', path], {
    signal,
    deadline: 60_000,
    okCodes: [0, 1],
    onLine: (line) => said.push(line.trim()),
  })
  return said.filter((line) => /corrupt|mismatch|overlap|invalid|too small|out of range/i.test(line))
}

function unaligned(parts: readonly Partition[]): string[] {
  return parts
    .filter(({ start }) => start % mebi !== 0)
    .map(({ number, start }) => `partition ${String(number)} begins at byte ${String(start)}, which is no whole MiB`)
}

function overlapping(parts: readonly Partition[]): string[] {
  const inOrder = parts.toSorted((a, b) => a.start - b.start)
  return inOrder.flatMap(({ number, start }, index) => {
    const before = inOrder[index - 1]
    return before !== undefined && before.start + before.size > start
      ? [`partition ${String(number)} begins before partition ${String(before.number)} ends`]
      : []
  })
}

function beyond(parts: readonly Partition[], { bytes }: Disk): string[] {
  return parts
    .filter(({ start, size }) => start + size > bytes.size)
    .map(({ number }) => `partition ${String(number)} reaches beyond the end of the disk`)
}
