import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PlannedFile } from './engine.ts'

/** Writes the files of a plan. */
export async function writeFiles(files: readonly PlannedFile[]): Promise<void> {
  for (const { path, content } of files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}
