import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DropPublished } from '#events/drop-published.ts'

/** A drop and when it was published. */
export interface Dated {
  readonly body: DropPublished
  readonly at: string
}

/** Leaves drops in an announcer's folder as if it had told of them, without the time that telling of each takes. */
export async function notePublications(announcements: string, drops: readonly Dated[]): Promise<void> {
  const folder = join(announcements, 'drops')
  await mkdir(folder, { recursive: true })
  for (const { body, at } of drops) {
    await writeFile(join(folder, `${body.drop}.json`), JSON.stringify({ at, body, withdrawn: null }))
  }
}
