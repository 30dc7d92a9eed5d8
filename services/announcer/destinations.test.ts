import { expect, it } from 'vitest'
import { tellDestinations, type Destination } from './destinations.ts'
import { createPublications } from './publications.ts'
import { tellStory } from './story/story.ts'
import { debianDrop } from './testing/drops.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const places: readonly Destination[] = [
  { name: 'users', tells: ['published'] },
  { name: 'makers', tells: ['failed'] },
]

it('a preview shows what those would be sent who want it, and sends nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preview-'))
  try {
    const publication = await createPublications(folder).publish(debianDrop(), '2026-07-11T12:00:00.000Z')
    const sent: string[] = []
    const channel = tellDestinations({
      places,
      deliverOnce: (_about, recipients) => Promise.resolve(void sent.push(...recipients)),
      idOf: ({ drop }) => drop,
      show: ({ drop }, { name }) => `${drop} for ${name}`,
      send: () => Promise.resolve(),
    })
    const story = tellStory(publication, new Map())
    expect(await channel.preview(story)).toBe(`users: ${story.drop} for users\n`)
    expect(sent).toEqual([])
    expect(await channel.tell(story, new AbortController().signal)).toEqual([{ to: 'users', id: story.drop }])
    expect(sent).toEqual(['users'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
