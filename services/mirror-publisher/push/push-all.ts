import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import type { Context, WaitFor } from '#service/define.ts'
import { tryLock } from '#files/lock.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { makeFolderDurably } from '../durable.ts'
import { stagingName, type Mirror } from '../mirror.ts'
import { freeze } from './freeze.ts'
import { mastersFolder, readJournal, writeJournal, type Journal } from './journal.ts'
import type { Master } from '../masters.ts'
import { pushFrozen } from './push-master.ts'
import { keepParts, rootFrom, rsyncTo, whyFailed } from './rsync.ts'

/**
 * Makes masters like ours, each for itself: one that cannot be reached holds up no other. Null when all of them are; else
 * what to wait for, as they are caught up with whatever they missed at the next try.
 */
export async function pushTo(masters: readonly Master[], mirror: Mirror, context: Context): Promise<WaitFor | null> {
  const behind: string[] = []
  for (const master of masters) {
    context.signal.throwIfAborted()
    if (!(await pushOne(master, mirror, context))) behind.push(master.name)
  }
  if (behind.length === 0) return null
  return {
    for: null,
    until: new Date(context.now().getTime() + mirror.retryMasters),
    reason: `the mirror master ${behind.join(', ')}`,
    state: null,
  }
}

/** True when the master holds what ours holds. */
async function pushOne(master: Master, { root }: Mirror, context: Context): Promise<boolean> {
  const { name } = master
  const { signal, log, now } = context
  await makeFolderDurably(mastersFolder(root), 0o700)
  // Another job pushes there: it may have begun before what this one is about.
  using lock = tryLock(join(mastersFolder(root), `${name}.lock`))
  if (!lock) return false

  let journal = await readJournal(root, name)
  const write = async (change: Partial<Journal>) => {
    journal = { ...journal, ...change }
    await writeJournal(root, name, journal)
  }
  const aside = join(root, stagingName, `.push-${name}`)
  try {
    const frozen = await freeze(root, aside, journal.holds)
    context.progress({ phase: `pushing to ${name}` })
    await pushFrozen(frozen, {
      rsync: rsyncTo(master, context),
      rootFrom: (place) => rootFrom(place, master),
      keepParts: (place) => keepParts(place, master),
      aside,
      async note(place, stamp) {
        const { [place]: _before, ...others } = journal.holds
        await write({ holds: stamp === null ? others : { ...others, [place]: stamp } })
      },
    })
    await write({ currentAt: now().toISOString(), failure: null })
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ToolFailed)) throw error
    const since = journal.failure?.since ?? now().toISOString()
    const reason = whyFailed(error, master)
    await write({ failure: { since, reason } })
    log.warn({ master: name, since, reason }, 'a mirror master is behind')
    return false
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}
