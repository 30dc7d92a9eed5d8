import { sha256OfFile } from '#artifacts/digest.ts'
import type { Conversion } from '../../conversion.ts'
import { NotTheDisk } from '../../failures.ts'
import { findDifference, readInfo } from '../read-by-qemu.ts'

/** A VHD as it was written. */
export interface MadeVhd {
  readonly path: string
  /** Of the disk in it. */
  readonly size: number
  readonly sha256: string
}

/** Reads the file as QEMU does, and compares its bytes with those that were written. Throws NotTheDisk. */
export async function proveVhd({ path, size, sha256 }: MadeVhd, conversion: Conversion): Promise<void> {
  const file = { path, driver: 'vpc' as const }
  const differs = (how: string) => new NotTheDisk(`the vhd made of the disk ${conversion.disk.sha256} ${how}`)
  // First, because qemu-img takes whatever has no footer for a disk of another kind, and complains of that.
  const read = await sha256OfFile(path, conversion.signal)
  if (read !== sha256) throw differs(`reads as ${read} instead of ${sha256}`)
  const found = await readInfo(file, conversion)
  if (found.size !== size) throw differs(`holds ${String(found.size)} bytes instead of ${String(size)}`)
  const difference = await findDifference(file, conversion)
  if (difference !== null) throw differs(`does not decode to it: ${difference}`)
}
