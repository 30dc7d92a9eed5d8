import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwnerAlive, ownerOfThisProcess } from '#service/owner.ts'
import { UsageError } from './usage.ts'

/** Keeps a second process from running the same services on one state folder. Asking and looking need no lock. */
export async function lockServices(stateFolder: string, services: readonly string[]): Promise<AsyncDisposable> {
  const folder = join(stateFolder, 'locks')
  await mkdir(folder, { recursive: true })
  await using taken = new AsyncDisposableStack()
  for (const service of services) {
    const file = join(folder, service)
    const holder = await readFile(file, 'utf8').catch(() => '')
    if (holder !== '' && isOwnerAlive(holder)) {
      throw new UsageError(
        `process ${holder.split('/')[1] ?? '?'} already runs the ${service} on ${stateFolder}; \`imagedrop status\` shows what it does, --state chooses another folder`,
      )
    }
    await writeFile(file, ownerOfThisProcess())
    taken.defer(() => rm(file, { force: true }))
  }
  return taken.move()
}
