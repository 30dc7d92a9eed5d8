import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'

/**
 * Kills this process at once before its nth step that others could see: a file that appears, changes or goes, or bytes
 * that leave for a server. Returns a function that tells how many there were. To be called before the modules
 * that take these steps are loaded.
 */
export function killBefore(nth: number): () => number {
  let steps = 0
  const counted = <Arguments extends unknown[], Result>(step: (this: never, ...given: Arguments) => Result) =>
    function (this: never, ...given: Arguments): Result {
      steps += 1
      if (steps === nth) process.kill(process.pid, 'SIGKILL')
      return step.apply(this, given)
    }
  fs.rename = counted(fs.rename)
  fs.rm = counted(fs.rm)
  fs.appendFile = counted(fs.appendFile)
  Reflect.set(Socket.prototype, 'write', counted(Reflect.get(Socket.prototype, 'write') as () => unknown))
  syncBuiltinESMExports()
  return () => steps
}
