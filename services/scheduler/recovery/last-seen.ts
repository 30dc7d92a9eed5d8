import { readFile } from 'node:fs/promises'
import { writeDurably } from '#files/durable.ts'
import { isMissing } from '#files/errors.ts'

/** The time up to which the archive was read; null when that is not known. */
export async function readLastSeen(path: string): Promise<Date | null> {
  try {
    const time = Date.parse((await readFile(path, 'utf8')).trim())
    return Number.isNaN(time) ? null : new Date(time)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Remembers a time in a file that is whole at any moment. */
export async function writeLastSeen(path: string, time: Date): Promise<void> {
  await writeDurably(path, `${time.toISOString()}\n`)
}
