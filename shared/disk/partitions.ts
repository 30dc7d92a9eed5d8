import { z } from 'zod'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'
import { DiskUnreadable } from './errors.ts'

/** A partition, in bytes from the beginning of its disk. */
export interface Partition {
  readonly number: number
  readonly start: number
  readonly size: number
  /** A GUID, or the number that an MBR has for it. */
  readonly type: string
  readonly name: string | null
  readonly uuid: string | null
  readonly isBootable: boolean
}

export interface PartitionTable {
  readonly label: 'gpt' | 'dos' | (string & {})
  readonly id: string | null
  readonly partitions: readonly Partition[]
}

const dump = z.object({
  partitiontable: z.object({
    label: z.string(),
    id: z.string().optional(),
    sectorsize: z.number().default(512),
    partitions: z
      .array(
        z.object({
          node: z.string(),
          start: z.number(),
          size: z.number(),
          type: z.string(),
          name: z.string().optional(),
          uuid: z.string().optional(),
          bootable: z.boolean().default(false),
        }),
      )
      .default([]),
  }),
})

/** What an MBR has for the whole disk where there is a GPT. */
const gptGuard = 'ee'

/** The partition table of a raw disk; null when it has none. */
export async function readPartitionTable(disk: string, signal?: AbortSignal): Promise<PartitionTable | null> {
  const said = await run('sfdisk', ['--json', disk], { deadline: 60_000, ...(signal && { signal }) }).catch(
    (error: unknown) => {
      if (error instanceof ToolFailed && error.tail.includes('does not contain a recognized partition table'))
        return null
      throw error
    },
  )
  if (said === null) return null
  const { label, id = null, sectorsize, partitions } = dump.parse(JSON.parse(said.stdout)).partitiontable
  if (label === 'dos' && partitions.some(({ type }) => type === gptGuard)) {
    throw new DiskUnreadable('the GPT of the disk is damaged: is it cut short?')
  }
  return {
    label,
    id,
    partitions: partitions.map(({ node, start, size, type, name = null, uuid = null, bootable }) => ({
      number: Number(/\d+$/.exec(node.slice(disk.length))?.[0]),
      start: start * sectorsize,
      size: size * sectorsize,
      type,
      name,
      uuid,
      isBootable: bootable,
    })),
  }
}
