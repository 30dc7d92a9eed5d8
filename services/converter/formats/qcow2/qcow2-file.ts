import { open } from 'node:fs/promises'
import type { FormatPlan } from '#events/vocabulary.ts'
import type { Conversion } from '../../conversion.ts'
import { writeAllFully, writeFully } from '../../fully.ts'
import { clusterSize } from './cluster-coder.ts'
import { qcow2Header } from './header.ts'
import { blockCount, createRefcounts } from './refcounts.ts'

const sector = 512
const entriesOfTable = clusterSize / 8
/** The cluster is used once, so that a writer need not copy it. */
const usedOnce = 1n << 63n
const compressed = 1n << 62n
/** Where the number of further sectors begins in the entry of a compressed cluster. */
const sectorsShift = 54n

/** What the file is to be. */
export interface Qcow2Options {
  readonly plan: Extract<FormatPlan, { format: 'qcow2' }>
  /** Of the disk. */
  readonly size: number
}

/** A qcow2 file that is written in the order of the disk (QEMU's docs/interop/qcow2.txt). */
export interface Qcow2File {
  /** Appends the clusters from a position of the disk on. Empty ones are zeros, whole ones are not compressed. */
  readonly append: (position: number, clusters: Iterable<Buffer>) => Promise<void>
  /** Writes the tables, and closes the file. */
  readonly close: () => Promise<void>
}

/**
 * Begins a file. At its start is room for the header, the first table and the table of counts; then comes the data as it is
 * appended, compressed clusters without a gap; then the second tables and the counts.
 */
export async function createQcow2File(
  path: string,
  { plan, size }: Qcow2Options,
  { atEnd }: Pick<Conversion, 'atEnd'>,
): Promise<Qcow2File> {
  const file = await open(path, 'w')
  atEnd(() => file.close())
  const refcounts = createRefcounts()
  const secondTables = new Map<number, Buffer>()
  let end = 0

  function allocate(bytes: number): number {
    const start = wholeClusters(end)
    end = start + wholeClusters(bytes)
    refcounts.add(start, end)
    return start
  }

  allocate(clusterSize)
  const entries = Math.ceil(size / clusterSize / entriesOfTable)
  const firstTable = { position: allocate(entries * 8), entries }
  // No file needs more: not one cluster of the disk is held twice, and all tables are much smaller than the disk.
  const clusters = wholeClusters(blockCount(2 * size + 64 * clusterSize) * 8) / clusterSize
  const refcountTable = { position: allocate(clusters * clusterSize), clusters }

  /** Finds a place for a cluster, and enters it. */
  function place(cluster: Buffer, position: number): number {
    if (cluster.length === clusterSize) {
      const start = allocate(clusterSize)
      enter(position, BigInt(start) | usedOnce)
      return start
    }
    const start = end
    end += cluster.length
    const first = Math.floor(start / sector)
    const last = Math.floor((end - 1) / sector)
    refcounts.add(first * sector, (last + 1) * sector)
    enter(position, BigInt(start) | (BigInt(last - first) << sectorsShift) | compressed)
    return start
  }

  /** Finds places for clusters from a position of the disk on; gives those together that lie side by side. */
  function* stretches(position: number, held: Iterable<Buffer>): Generator<{ start: number; clusters: Buffer[] }> {
    let stretch = { start: 0, end: 0, clusters: [] as Buffer[] }
    let at = position
    for (const cluster of held) {
      if (cluster.length > 0) {
        const start = place(cluster, at)
        if (start !== stretch.end) {
          if (stretch.clusters.length > 0) yield stretch
          stretch = { start, end: start, clusters: [] }
        }
        stretch.clusters.push(cluster)
        stretch.end += cluster.length
      }
      at += clusterSize
    }
    if (stretch.clusters.length > 0) yield stretch
  }

  function enter(position: number, entry: bigint): void {
    const index = position / clusterSize
    const table = Math.floor(index / entriesOfTable)
    const bytes = secondTables.get(table) ?? Buffer.alloc(clusterSize)
    secondTables.set(table, bytes)
    bytes.writeBigUInt64BE(entry, (index % entriesOfTable) * 8)
  }

  async function writeSecondTables(): Promise<Buffer> {
    const first = Buffer.alloc(entries * 8)
    for (const [index, table] of secondTables) {
      const start = allocate(clusterSize)
      first.writeBigUInt64BE(BigInt(start) | usedOnce, index * 8)
      await writeFully(file, table, start)
    }
    return first
  }

  async function writeRefcounts(): Promise<Buffer> {
    const table = Buffer.alloc(clusters * clusterSize)
    const starts = Array.from({ length: blockCount(wholeClusters(end)) }, () => allocate(clusterSize))
    for (const [index, start] of starts.entries()) {
      table.writeBigUInt64BE(BigInt(start), index * 8)
      await writeFully(file, refcounts.block(index), start)
    }
    return table
  }

  return {
    async append(position, held) {
      for (const { start, clusters } of stretches(position, held)) await writeAllFully(file, clusters, start)
    },

    async close() {
      await writeFully(file, await writeSecondTables(), firstTable.position)
      await writeFully(file, await writeRefcounts(), refcountTable.position)
      await writeFully(file, qcow2Header(plan, { size, firstTable, refcountTable }), 0)
      await file.close()
    },
  }
}

function wholeClusters(bytes: number): number {
  return Math.ceil(bytes / clusterSize) * clusterSize
}
