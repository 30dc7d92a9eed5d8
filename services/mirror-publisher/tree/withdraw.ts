import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '#service/define.ts'
import type { DropIdentity } from '../naming/convention.ts'
import { nameDrop } from '../naming/name-drop.ts'
import { foldersOf, type Mirror } from '../mirror.ts'
import { discard, syncTree } from '../durable.ts'
import { replaceFolder } from './exchange.ts'
import { writeNote, type WithdrawalNote } from './note.ts'
import { occupantOf } from './occupant.ts'
import { readRecord } from './record.ts'

interface WithdrawOptions extends Pick<Context, 'signal' | 'log'> {
  /** What is to stand in its place when it was open; null for nothing. */
  readonly note: WithdrawalNote | null
}

/**
 * Takes a drop off the mirror, staged or open: in one step a note stands in its place, before a byte is deleted. What
 * took its place, and what was never ours, stays.
 */
export async function withdrawDrop(
  drop: string,
  identity: DropIdentity,
  { root }: Mirror,
  { note, signal, log }: WithdrawOptions,
): Promise<void> {
  const { staged, partial, withdrawn } = foldersOf(root, drop)
  await rm(partial, { recursive: true, force: true })
  await discard(staged, withdrawn)

  const open = join(root, nameDrop(identity).path)
  if ((await readRecord(open))?.drop !== drop) return
  // Throws when others have put something into our folder: that is for a person to move first.
  await occupantOf(open)
  if (note === null) {
    await discard(open, withdrawn)
    return
  }
  await writeNote(partial, note)
  await syncTree(partial)
  await replaceFolder(partial, open, { aside: withdrawn, signal, log })
  // After an exchange this is the tree that was replaced.
  await rm(partial, { recursive: true, force: true })
  await rm(withdrawn, { recursive: true, force: true })
}
