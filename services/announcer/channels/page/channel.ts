import { join } from 'node:path'
import { z } from 'zod'
import { defineChannel } from '../channel.ts'
import { keepSite } from './keep-site.ts'
import { addresses } from './parts/site.ts'
import { readTheme } from './parts/theme.ts'

/** A site of static pages about all drops. */
export const channel = defineChannel({
  settings: { theme: z.string().min(1).nullable().default(null) },
  kind: 'place',
  open({ theme }, host) {
    const { folder, title, mirrorUrl, launchAddressOf, pageUrl, domain } = host
    const look = readTheme(theme ?? join(import.meta.dirname, 'theme'))
    const { show, renew } = keepSite({ title, theme: look, mirrorUrl, launchAddressOf, pageUrl, domain }, host)
    return {
      async tell(story) {
        await show(story)
        return [{ to: join(folder, addresses.start), id: addresses.drop(story) }]
      },
      withdraw: show,
      show,
      renew,
    }
  },
})
