import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DropPublished } from '#events/drop-published.ts'
import { shelfOf } from '../../../shelves.ts'

/** A drop and when it was published. */
export interface Dated {
  readonly body: DropPublished
  readonly at: string
}

/** Leaves drops in an announcer's folder as if it had told of them, without the time that telling of each takes. */
export async function notePublications(announcements: string, drops: readonly Dated[]): Promise<void> {
  for (const { body, at } of drops) {
    const folder = join(announcements, 'told', shelfOf(body.drop))
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `${body.drop}.json`), JSON.stringify({ at, body, withdrawn: null }))
  }
}
