import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** How often a lock that somebody else has is tried, in milliseconds. */
const tryEvery = 250
/** https://www.sqlite.org/rescode.html#busy */
const busy = 5

/**
 * Takes the lock of a file, which is made and stays; null when somebody has it, in this process or another. The kernel
 * gives it back when the process ends, however it ends, so no lock is ever left behind and none needs to be taken over.
 * Node cannot lock files itself; SQLite can, and this is an empty database whose only use is to be locked.
 */
export function tryLock(path: string): Disposable | null {
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    // Nothing is ever written, so no journal is needed beside it.
    file.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    file.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return null
    throw error
  }
  return {
    [Symbol.dispose]() {
      file.close()
    },
  }
}

/** Does some work while nobody else does it under the same lock; waits for it until the signal aborts. */
export async function withLock<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  using _lock = await takeLock(path, signal)
  return await work()
}

async function takeLock(path: string, signal: AbortSignal): Promise<Disposable> {
  for (;;) {
    const lock = tryLock(path)
    if (lock) return lock
    await sleep(tryEvery, undefined, { signal })
  }
}
