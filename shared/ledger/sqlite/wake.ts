import { closeSync, openSync, utimesSync, watch, type FSWatcher } from 'node:fs'
import type { Wake, WakeScope } from '../wake.ts'

/** Other processes hear of changes this many milliseconds late at most; in between, one touch tells of many. */
const touchEvery = 50

/** Rings within the process at once, and across processes by touching a file that each of them watches. */
export function createFileWake(file: string): Wake {
  closeSync(openSync(file, 'a'))
  const listeners = new Set<(where: WakeScope) => void>()
  let watcher: FSWatcher | null = null
  let touch: NodeJS.Timeout | null = null

  function tellAll(where: WakeScope): void {
    for (const listener of listeners) listener(where)
  }
  function touchNow(): void {
    touch = null
    const now = new Date()
    try {
      utimesSync(file, now, now)
    } catch {
      // A bell that is lost costs time: on a file system that became read-only, or when the folder was removed.
    }
  }
  return {
    ring(where) {
      tellAll(where)
      touch ??= setTimeout(touchNow, touchEvery)
    },
    listen(listener) {
      listeners.add(listener)
      watcher ??= watch(file, { persistent: false }, () => {
        tellAll('anywhere')
      })
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    // All hear of everything: they are on one host, and few.
    offer() {},
    keepsTime: () => Promise.resolve(true),
    close() {
      listeners.clear()
      watcher?.close()
      if (touch !== null) {
        clearTimeout(touch)
        touchNow()
      }
      return Promise.resolve()
    },
  }
}
