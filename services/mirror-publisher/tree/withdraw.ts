import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DropIdentity } from '../naming/convention.ts'
import { nameDrop } from '../naming/name-drop.ts'
import { foldersOf, type Mirror } from '../mirror.ts'
import { discard } from '../durable.ts'
import { occupantOf } from './occupant.ts'
import { readRecord } from './record.ts'

/**
 * Takes a drop off the mirror, staged or open: in one rename, out of sight before a byte is deleted. What took its
 * place, and what was never ours, stays.
 */
export async function withdrawDrop(drop: string, identity: DropIdentity, { root }: Mirror): Promise<void> {
  const { staged, partial, withdrawn } = foldersOf(root, drop)
  await rm(partial, { recursive: true, force: true })
  await discard(staged, withdrawn)

  const open = join(root, nameDrop(identity).path)
  if ((await readRecord(open))?.drop !== drop) return
  // Throws when others have put something into our folder: that is for a person to move first.
  await occupantOf(open)
  await discard(open, withdrawn)
}
