import { chmod, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Context } from '#service/define.ts'
import { foldersOf, type Mirror } from '../mirror.ts'
import type { TreePlan } from '../plan-tree.ts'
import { publishKeys } from '../signing/publish-keys.ts'
import { verifySums } from '../signing/verify-sums.ts'
import { discard, makeFolderDurably, renameDurably } from '../durable.ts'
import { replaceFolder } from './exchange.ts'
import { readNote } from './note.ts'
import { assertNotOlder, occupantOf } from './occupant.ts'
import { fulfils, recordName, sumsOf, type DropRecord } from './record.ts'
import { stageDrop, type Tree } from './stage.ts'
import { verifyFiles } from './verify.ts'

interface OpenOptions extends Context {
  /** When another drop is open at the place and is about to go. */
  readonly beforeReplacing: () => Promise<unknown>
}

/**
 * Opens the staged tree of a drop to the world in one rename. A tree that is open already stays as it is; one that
 * is not staged any more is staged again first. An older candidate at the same place is replaced in the same step.
 */
export async function openDrop(
  plan: TreePlan,
  mirror: Mirror,
  { beforeReplacing, ...context }: OpenOptions,
): Promise<Tree> {
  const { staging, staged, withdrawn } = foldersOf(mirror.root, plan.drop)
  const open = join(mirror.root, plan.path)
  const { record } = await stageDrop(plan, mirror, context)
  const occupant = await occupantOf(open)
  if (!fulfils(occupant, plan)) {
    assertNotOlder(plan, occupant)
    await verifyStaged(staged, record, withdrawn, { mirror, context })
    await publishKeys(mirror.root, staging, mirror)
    // The folder above stays closed, so nobody gets in before the rename.
    await chmod(staged, 0o755)
    await makeFolderDurably(dirname(open))
    if (occupant === null && (await readNote(open)) === null) await renameDurably(staged, open)
    else {
      await beforeReplacing()
      await replaceFolder(staged, open, { ...context, aside: withdrawn })
    }
  }
  // After an exchange this is the tree that was replaced.
  await discard(staged, withdrawn)
  return { folder: open, record }
}

interface VerifyOptions {
  readonly mirror: Mirror
  readonly context: Context
}

/**
 * Days may lie between staging and blessing, and the files are the artifact store's own. They were read when they were staged,
 * before the record was written: only what was written since is read again.
 */
async function verifyStaged(
  staged: string,
  record: DropRecord,
  aside: string,
  { mirror, context }: VerifyOptions,
): Promise<void> {
  try {
    await verifySums(staged, sumsOf(record), mirror, context.signal)
    const { mtimeMs } = await stat(join(staged, recordName))
    await verifyFiles(staged, sumsOf(record), { ...context, phase: 'verifying what is opened', writtenSince: mtimeMs })
  } catch (error) {
    // Staged anew when the drop is taken up again.
    if (!context.signal.aborted) await discard(staged, aside)
    throw error
  }
  context.signal.throwIfAborted()
}
