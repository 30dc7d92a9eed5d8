import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOwnerAlive, ownerOfThisProcess } from '#service/owner.ts'

const patience = 250

/** Does some work while nobody else does it under the same lock. The lock of a process that died is taken over. */
export async function withLock<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const mine = `${path}.${randomUUID()}`
  await writeFile(mine, ownerOfThisProcess())
  try {
    // A link appears with its content, so that nobody ever reads a lock without an owner.
    while (!(await takes(mine, path))) {
      await removeIfOrphaned(path)
      await sleep(patience, undefined, { signal })
    }
    try {
      return await work()
    } finally {
      await rm(path, { force: true })
    }
  } finally {
    await rm(mine, { force: true })
  }
}

async function takes(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Of several that find the owner dead, one moves the lock away; what it moved is looked at again before it goes. */
async function removeIfOrphaned(path: string): Promise<void> {
  const owner = await readFile(path, 'utf8').catch(() => null)
  if (owner === null || isOwnerAlive(owner)) return
  const aside = `${path}.${randomUUID()}`
  await rename(path, aside).catch(() => null)
  const moved = await readFile(aside, 'utf8').catch(() => null)
  if (moved !== null && isOwnerAlive(moved)) await link(aside, path).catch(() => null)
  await rm(aside, { force: true })
}
