import { clusterSize } from './cluster-coder.ts'

/** How many clusters one block of counts of 16 bits covers. */
const countsOfBlock = clusterSize / 2

/** How often each cluster of the file is used; compressed clusters share them. */
export interface Refcounts {
  /** Counts a use of all clusters from one byte of the file to before another. */
  readonly add: (start: number, end: number) => void
  readonly block: (index: number) => Buffer
}

export function createRefcounts(): Refcounts {
  const blocks: Buffer[] = []
  const block = (index: number) => (blocks[index] ??= Buffer.alloc(clusterSize))
  return {
    block,
    add(start, end) {
      for (let cluster = Math.floor(start / clusterSize); cluster < end / clusterSize; cluster += 1) {
        const counts = block(Math.floor(cluster / countsOfBlock))
        const at = (cluster % countsOfBlock) * 2
        counts.writeUInt16BE(counts.readUInt16BE(at) + 1, at)
      }
    },
  }
}

/** How many blocks count the clusters of a file of this size, and themselves when they are added to it. */
export function blockCount(size: number): number {
  const clusters = size / clusterSize
  return Math.ceil(clusters / (countsOfBlock - 1))
}
