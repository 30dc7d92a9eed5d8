import { otherCompression } from '#disk/qcow2-header.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import { clusterSize } from './cluster-coder.ts'

/** Where the first tables are. */
export interface Layout {
  /** Of the disk. */
  readonly size: number
  readonly firstTable: { readonly position: number; readonly entries: number }
  readonly refcountTable: { readonly position: number; readonly clusters: number }
}

type Qcow2Plan = Extract<FormatPlan, { format: 'qcow2' }>

/** The header as the plan's readers know it: version 2 for compat 0.10, and no field or feature that is not needed. */
export function qcow2Header({ compat, compression }: Qcow2Plan, { size, firstTable, refcountTable }: Layout): Buffer {
  const header = Buffer.alloc(clusterSize)
  header.write('QFI\u00fb', 0, 'latin1')
  header.writeUInt32BE(compat === '0.10' ? 2 : 3, 4)
  header.writeUInt32BE(Math.log2(clusterSize), 20)
  header.writeBigUInt64BE(BigInt(size), 24)
  header.writeUInt32BE(firstTable.entries, 36)
  header.writeBigUInt64BE(BigInt(firstTable.position), 40)
  header.writeBigUInt64BE(BigInt(refcountTable.position), 48)
  header.writeUInt32BE(refcountTable.clusters, 56)
  if (compat === '0.10') return header
  const isZstd = compression === 'zstd'
  header.writeBigUInt64BE(isZstd ? otherCompression : 0n, 72)
  header.writeUInt32BE(refcountBits, 96)
  header.writeUInt32BE(isZstd ? 112 : 104, 100)
  header.writeUInt8(isZstd ? 1 : 0, 104)
  return header
}

/** The power of two of the bits of a count, 16. */
const refcountBits = 4
