import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '#subprocess/run.ts'

/** How long one part may take, in milliseconds, on a machine that does much else. */
const partTime = 240_000

/** The programs of one OpenStack, each with a log in its folder. */
export interface Parts {
  /** Rejects when a program that is to stay has ended. */
  readonly failed: Promise<never>
  readonly file: (name: string) => string
  /** Starts what is to run until the end. */
  readonly start: (name: string, command: string, args: readonly string[], options?: StartOptions) => void
  /** Does what has an end, and gives what it printed. */
  readonly manage: (program: string, args: readonly string[]) => Promise<string>
}

interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => void
}

/** Programs that work in a folder. */
export function createParts(folder: string): Parts {
  const failed = Promise.withResolvers<never>()
  const file = (name: string) => join(folder, name)
  const log = (name: string) => file(`${name}.log`)
  return {
    failed: failed.promise,
    file,
    start(name, command, args, options = {}) {
      run(command, args, { log: log(name), cwd: folder, ...options }).then(() => {
        failed.reject(new Error(`${name} ended by itself; see ${log(name)}`))
      }, failed.reject)
    },
    async manage(program, args) {
      const { stdout } = await run(program, args, { log: log(program), cwd: folder, deadline: partTime })
      return stdout
    },
  }
}

/** Waits until somebody listens at a port of loopback. */
export async function listens(port: number): Promise<void> {
  await until(`port ${String(port)} is open`, async () => {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    return isOpen
  })
}

/** Waits until something is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + partTime
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not so within ${String(partTime / 1000)} s: ${what}`)
    await sleep(200)
  }
}
