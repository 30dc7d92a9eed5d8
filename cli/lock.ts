import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tryLock } from '#files/lock.ts'
import { UsageError } from './usage.ts'

/** Keeps a second process from running the same services on one state folder. Asking and looking need no lock. */
export async function lockServices(stateFolder: string, services: readonly string[]): Promise<Disposable> {
  const folder = join(stateFolder, 'locks')
  await mkdir(folder, { recursive: true })
  using taken = new DisposableStack()
  for (const service of services) {
    const holder = join(folder, `${service}.pid`)
    const lock = tryLock(join(folder, `${service}.lock`))
    if (lock === null) {
      // For people only: whoever has just taken the lock may not have said who it is.
      const pid = await readFile(holder, 'utf8').catch(() => '')
      throw new UsageError(
        `${pid === '' ? 'another process' : `process ${pid.trim()}`} already runs the ${service} on ${stateFolder}; \`imagedrop status\` shows what it does, --state chooses another folder`,
      )
    }
    taken.use(lock)
    await writeFile(holder, `${String(process.pid)}\n`)
  }
  return taken.move()
}
