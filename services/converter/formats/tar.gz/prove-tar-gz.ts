import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ToolFailed } from '#subprocess/errors.ts'
import type { Conversion } from '../../conversion.ts'
import { NotTheDisk } from '../../failures.ts'
import { feedFile } from '../../feed-file.ts'
import { findDifference } from '../read-by-qemu.ts'

/** An archive as it was written. */
export interface MadeTarGz {
  readonly path: string
  readonly sha256: string
  readonly member: { readonly name: string; readonly size: number }
}

/** Unpacks the archive with tar, and compares its bytes and those of its member. Throws NotTheDisk. */
export async function proveTarGz({ path, sha256, member }: MadeTarGz, conversion: Conversion): Promise<void> {
  const differs = (how: string) => new NotTheDisk(`the tar.gz made of the disk ${conversion.disk.sha256} ${how}`)
  // In a folder of its own.
  const unpacked = await conversion.draft(member.name)
  const bytes = createHash('sha256')
  const input = feedFile(path, (block) => bytes.update(block))
  const args = [
    '--extract',
    '--gzip',
    '--no-same-owner',
    '--file',
    '-',
    '--directory',
    dirname(unpacked.path),
    member.name,
  ]
  await conversion.run('tar', args, { input }).catch((error: unknown) => {
    if (error instanceof ToolFailed && error.end.why === 'exit') throw differs(`is damaged: ${error.message}`)
    throw error
  })
  const read = bytes.digest('hex')
  if (read !== sha256) throw differs(`reads as ${read} instead of ${sha256}`)

  const { size } = await stat(unpacked.path)
  if (size !== member.size) throw differs(`holds ${String(size)} bytes instead of ${String(member.size)}`)
  const difference = await findDifference({ path: unpacked.path, driver: 'raw' }, conversion)
  if (difference !== null) throw differs(`does not unpack to it: ${difference}`)
}
