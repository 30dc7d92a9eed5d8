import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { findChanges } from './changes/changes.ts'
import { previousOf } from './changes/previous.ts'
import { findChannels } from './channels/find-channels.ts'
import { openChannels } from './open-channels.ts'
import { readAnnouncerConfig } from './config.ts'
import type { LaunchAddressOf } from './story/launch.ts'
import { tellStory, type Titles } from './story/story.ts'

/** What one channel would say. */
export interface Preview {
  readonly channel: string
  /** What it would send; null for one that shows its drops in files, or cannot tell before. */
  readonly says: string | null
}

/** What would be announced, and by what. */
export interface Occasion {
  readonly body: DropPublished
  readonly at: string
  /** The published drops that there are, to find the one before. */
  readonly drops: readonly DropPublished[]
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly roots: readonly string[]
  readonly titles: Titles
  readonly launchAddressOf: LaunchAddressOf
  readonly artifacts: Pick<ArtifactStore, 'open'>
  /** An empty folder, in which page and feed are written. */
  readonly folder: string
  /** The channels that are asked; all when empty. */
  readonly only: readonly string[]
  readonly signal: AbortSignal
}

/** Lets channels say what they would say of a drop: nobody is sent anything, and nothing is remembered. */
export async function previewDrop(
  { body, at, drops }: Occasion,
  { env, roots, titles, launchAddressOf, artifacts, folder, only, signal }: Surroundings,
): Promise<{ readonly previews: readonly Preview[]; readonly files: readonly string[] }> {
  const found = await findChannels(roots)
  const unknown = only.find((name) => !found.some((one) => one.name === name))
  if (unknown !== undefined) {
    throw new Error(
      `there is no channel ${JSON.stringify(unknown)}; there are ${found.map((one) => one.name).join(', ')}`,
    )
  }
  const previous = previousOf(body, drops)
  const reading = { artifacts, signal, onUnreadable: () => {} }
  const changes = previous && (await findChanges(body, previous, reading))
  const story = tellStory({ at, body, withdrawn: null, changes }, titles)
  const { common, settingsOf } = readAnnouncerConfig(env, found)
  const channels = openChannels(
    found.filter(({ name }) => only.length === 0 || only.includes(name)),
    {
      settingsOf,
      host: {
        ...common,
        folder,
        pageUrl: common.pageUrl ?? pathToFileURL(folder).href,
        launchAddressOf,
        shown: (write) => () => write([story], []),
      },
      deliverOnceOf: (name) => () => Promise.reject(new Error(`the channel ${name} would send, in a preview`)),
    },
  )
  const previews = await Promise.all(
    channels.map(async ({ name, kind, channel }) => {
      if (kind === 'place') await channel.tell(story, signal)
      return { channel: name, says: (await channel.preview?.(story)) ?? null }
    }),
  )
  const written = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = written.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return { previews, files: files.toSorted() }
}
