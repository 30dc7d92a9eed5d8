import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwnerAlive, ownerOfThisProcess } from '#service/owner.ts'
import { UsageError } from './usage.ts'

/** Keeps a second process from running the services of one state folder. Asking and looking need no lock. */
export async function lockState(stateFolder: string): Promise<AsyncDisposable> {
  const file = join(stateFolder, 'lock')
  const holder = await readFile(file, 'utf8').catch(() => '')
  if (holder !== '' && isOwnerAlive(holder)) {
    throw new UsageError(
      `process ${holder.split('/')[1] ?? '?'} already works in ${stateFolder}; \`imagedrop status\` shows what it does, --state chooses another folder`,
    )
  }
  await mkdir(stateFolder, { recursive: true })
  await writeFile(file, ownerOfThisProcess())
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
}
