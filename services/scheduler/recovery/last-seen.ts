import { open, readFile, rename } from 'node:fs/promises'

/** The time up to which the archive was read; null when that is not known. */
export async function readLastSeen(path: string): Promise<Date | null> {
  try {
    const time = Date.parse((await readFile(path, 'utf8')).trim())
    return Number.isNaN(time) ? null : new Date(time)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Remembers a time in a file that is whole at any moment. */
export async function writeLastSeen(path: string, time: Date): Promise<void> {
  const aside = `${path}.${String(process.pid)}`
  {
    await using file = await open(aside, 'w')
    await file.writeFile(`${time.toISOString()}\n`)
    await file.sync()
  }
  await rename(aside, path)
}
