import { join } from 'node:path'
import { readIfThere, writeDurably } from '#files/durable.ts'
import type { Story } from '../../story/story.ts'
import type { ChannelHost } from '../channel.ts'
import { renderPage } from './parts/layout.ts'
import type { Site } from './parts/site.ts'
import { planPages } from './plan-pages.ts'

/** Makes the pages show a drop as it is now; resolves when they do. */
export type ShowDrop = (story: Story) => Promise<void>

/** Pages in memory, and files open, at a time. */
const atOnce = 16

/**
 * Keeps the site's pages in a folder. Pages of drops that did not change since the last time are left alone; the first
 * time, all are compared with what is there, so that other settings, another theme or another version reach all.
 */
export function keepSite(site: Site, { folder, shown }: Pick<ChannelHost, 'folder' | 'shown'>): ShowDrop {
  const asked = new Map<string, Story>()
  let before: ReadonlyMap<string, Story> | null = null

  const renew = shown(async (stories) => {
    const answered = [...asked.values()]
    const now = new Map(stories.map((story) => [story.drop, story]))
    if (before === null) await writeTheme(site, folder)
    const changed = new Map([...whatChanged(before, now), ...answered].map((story) => [story.drop, story]))
    for (const pages of planPages(site.title, stories, [...changed.values()])) {
      for (let index = 0; index < pages.length; index += atOnce) {
        const some = pages.slice(index, index + atOnce)
        await Promise.all(some.map((page) => writeChanged(join(folder, page.path), renderPage(site, page))))
      }
    }
    before = now
    for (const story of answered) if (asked.get(story.drop) === story) asked.delete(story.drop)
  })

  return async (story) => {
    // Asked for by name too: of a process that was killed, nobody knows how far it came.
    asked.set(story.drop, story)
    await renew()
  }
}

/** A story that has not changed is the same object; one that is there no more has expired. */
function whatChanged(before: ReadonlyMap<string, Story> | null, now: ReadonlyMap<string, Story>): Story[] {
  const gone = [...(before?.values() ?? [])].filter(({ drop }) => !now.has(drop))
  return [
    ...[...now.values()].filter((story) => before?.get(story.drop) !== story),
    ...gone.map((story) => ({ ...story, withdrawn: { why: 'expired' as const, by: '', reason: null } })),
  ]
}

async function writeTheme({ theme }: Site, folder: string): Promise<void> {
  for (const [name, bytes] of theme.files) await writeChanged(join(folder, 'theme', name), bytes)
}

/** What cannot be read is written, and if that cannot be either, the error names it. */
async function writeChanged(path: string, content: string | Buffer): Promise<void> {
  const bytes = Buffer.from(content)
  const there = await readIfThere(path).catch(() => null)
  if (!there?.equals(bytes)) await writeDurably(path, bytes)
}
