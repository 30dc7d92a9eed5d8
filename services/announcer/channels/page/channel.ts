import { join } from 'node:path'
import { writeDurably } from '#files/durable.ts'
import { linkBelow } from '../../story/link.ts'
import { defineChannel } from '../channel.ts'
import { createPage } from './page.ts'

/** A page of all drops, `index.html`. */
export const channel = defineChannel({
  settings: {},
  kind: 'place',
  open(_settings, { folder, title, mirrorUrl, shown }) {
    const path = join(folder, 'index.html')
    // Without a public mirror, the page links to the one beside it in the state folder.
    const linkTo = linkBelow(mirrorUrl ?? '../mirror')
    const render = createPage(title, linkTo)
    const renew = shown((stories) => writeDurably(path, render(stories)))
    return {
      async tell({ drop }) {
        await renew()
        return [{ to: path, id: drop }]
      },
      withdraw: renew,
    }
  },
})
