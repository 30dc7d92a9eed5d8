import { z } from 'zod'
import { tellDestinations } from '../destinations.ts'
import { send } from '../../http.ts'
import { lineOf } from '../../story/line.ts'
import { idOf } from '../../story/telling.ts'
import { defineChannel } from '../channel.ts'
import { readMastodonSettings } from './settings.ts'
import { statusOf } from './status.ts'

/** A post of each Mastodon account. */
export const channel = defineChannel({
  settings: { mastodonFile: z.string().nullable().default(null) },
  kind: 'message',
  open({ mastodonFile }, { deliverOnce, pageUrl }) {
    if (mastodonFile === null) return null
    return tellDestinations({
      places: readMastodonSettings(mastodonFile),
      deliverOnce,
      idOf,
      show: (telling, { letters }) => statusOf(lineOf(telling, pageUrl), letters),
      async send(telling, { name, server, token, letters, visibility, language }, signal) {
        const headers = {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'user-agent': 'imagedrop',
          // Within the hour, the server answers a repeated one with the first's post.
          'idempotency-key': idOf(telling),
        }
        const body = JSON.stringify({ status: statusOf(lineOf(telling, pageUrl), letters), visibility, language })
        await send({ what: name, method: 'POST', url: new URL('/api/v1/statuses', server), headers, body }, signal)
      },
    })
  },
})
