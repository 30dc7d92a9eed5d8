import { expect, it } from 'vitest'
import { tellDestinations, type Destination } from './destinations.ts'
import { tellStory } from '../story/story.ts'
import { debianDrop } from '../testing/drops.ts'

const places: readonly Destination[] = [
  { name: 'users', tells: ['published'] },
  { name: 'makers', tells: ['failed'] },
]

it('a preview shows what those would be sent who want it, and sends nothing', async () => {
  const publication = { at: '2026-07-11T12:00:00.000Z', body: debianDrop(), withdrawn: null, changes: null }
  const story = tellStory(publication, new Map())
  const sent: string[] = []
  const channel = tellDestinations({
    places,
    deliverOnce: (_about, recipients) => Promise.resolve(void sent.push(...recipients)),
    idOf: ({ drop }) => drop,
    show: ({ drop }, { name }) => `${drop} for ${name}`,
    send: () => Promise.resolve(),
  })
  expect(await channel.preview(story)).toBe(`users: ${story.drop} for users\n`)
  expect(sent).toEqual([])
  expect(await channel.tell(story, new AbortController().signal)).toEqual([{ to: 'users', id: story.drop }])
  expect(sent).toEqual(['users'])
})
