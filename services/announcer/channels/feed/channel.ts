import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '#files/durable.ts'
import { defineChannel } from '../channel.ts'
import { entryIdOf, renderFeed } from './feed.ts'

/** A feed of the newest drops: Atom, `feed.atom`, and JSON Feed, `feed.json`. */
export const channel = defineChannel({
  settings: { feedEntries: z.coerce.number().int().min(1).max(1000).default(50) },
  kind: 'place',
  open({ feedEntries }, { folder, title, domain, pageUrl: seenAt, shown }) {
    const path = join(folder, 'feed.atom')
    const pageUrl = seenAt.endsWith('/') ? seenAt : `${seenAt}/`
    const settings = { title, domain, pageUrl, entries: feedEntries }
    const renew = shown(async (stories) => {
      const { atom, json } = await renderFeed(stories, settings)
      await writeDurably(join(folder, 'feed.json'), json)
      await writeDurably(path, atom)
    })
    return {
      async tell(story) {
        await renew()
        return [{ to: path, id: entryIdOf(story, domain) }]
      },
      withdraw: renew,
    }
  },
})
