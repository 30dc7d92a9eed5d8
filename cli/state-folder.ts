import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '#service/errors.ts'

/** Makes the state folder. Throws, naming it and what to do, when this account cannot write there. */
export async function prepareStateFolder(path: string): Promise<void> {
  try {
    await access(await nearestFolder(path), constants.W_OK)
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw new Error(
      `the state folder ${path} cannot be written (${messageOf(error)}): give this account write access, or choose another with --state`,
      { cause: error },
    )
  }
}

/** The folder, or the nearest above it that exists. mkdir says of a read-only file system only that there is no such folder. */
export async function nearestFolder(path: string): Promise<string> {
  try {
    await access(path)
    return path
  } catch (error) {
    if (dirname(path) === path) throw error
    return await nearestFolder(dirname(path))
  }
}
