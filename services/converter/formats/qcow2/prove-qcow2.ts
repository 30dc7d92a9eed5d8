import { otherCompression, readQcow2Header } from '#disk/qcow2-header.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import type { Conversion } from '../../conversion.ts'
import { NotTheDisk } from '../../failures.ts'
import { findDifference, readInfo } from '../read-by-qemu.ts'

type Qcow2Plan = Extract<FormatPlan, { format: 'qcow2' }>

/** Reads the file as QEMU does: its tables, its size and settings, and every cluster. Throws NotTheDisk. */
export async function proveQcow2(plan: Qcow2Plan, path: string, conversion: Conversion): Promise<void> {
  const { disk, run } = conversion
  const file = { path, driver: 'qcow2' as const }
  const differs = (how: string) => new NotTheDisk(`the qcow2 made of the disk ${disk.sha256} ${how}`)

  const wrong = await wrongForReaders(plan, path)
  if (wrong !== null) throw differs(wrong)

  const checked = await run('qemu-img', ['check', '-f', 'qcow2', path], { okCodes: [0, 1, 2, 3] })
  if (checked.code !== 0) throw differs(`is damaged: ${checked.stdout.trim().split('\n').join(' ')}`)

  const { size, compat = 'unknown', compression = 'zlib' } = await readInfo(file, conversion)
  if (size !== disk.size) throw differs(`holds ${String(size)} bytes instead of ${String(disk.size)}`)
  if (compat !== plan.compat) throw differs(`has compat ${compat} instead of ${plan.compat}`)
  if (plan.compression !== 'none' && compression !== plan.compression) {
    throw differs(`is compressed with ${compression} instead of ${plan.compression}`)
  }

  const difference = await findDifference(file, conversion)
  if (difference !== null) throw differs(`does not decode to it: ${difference}`)
}

/**
 * Why a reader of the plan's time could not read the file; null when it can. By the header itself, not by what a qemu-img of
 * today says of it: a reader goes by the bits, and refuses those that it does not know.
 */
async function wrongForReaders(plan: Qcow2Plan, path: string): Promise<string | null> {
  const header = await readQcow2Header(path)
  if (header === null) return 'has no header'
  const { version, hasBackingFile, incompatibleFeatures } = header
  if (version !== (plan.compat === '0.10' ? 2 : 3)) return `has version ${String(version)}`
  if (hasBackingFile) return 'needs a backing file'
  const allowed = plan.compression === 'zstd' ? otherCompression : 0n
  if (incompatibleFeatures === allowed) return null
  return `has the incompatible features 0x${incompatibleFeatures.toString(16)} instead of 0x${allowed.toString(16)}`
}
