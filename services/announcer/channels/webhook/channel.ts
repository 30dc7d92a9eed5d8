import { z } from 'zod'
import { tellDestinations } from '../destinations.ts'
import { send } from '../../http.ts'
import { linkBelow } from '../../story/link.ts'
import { idOf } from '../../story/telling.ts'
import { defineChannel } from '../channel.ts'
import { bodyOf } from './body.ts'
import { readWebhookSettings } from './settings.ts'
import { signatureHeaders } from './sign.ts'

/** A signed POST to each endpoint, for programs. */
export const channel = defineChannel({
  settings: { webhookFile: z.string().nullable().default(null) },
  kind: 'message',
  open({ webhookFile }, { deliverOnce, pageUrl, mirrorUrl }) {
    if (webhookFile === null) return null
    const surroundings = { pageUrl, linkTo: linkBelow(mirrorUrl ?? '') }
    return tellDestinations({
      places: readWebhookSettings(webhookFile),
      deliverOnce,
      idOf,
      show: (telling) => JSON.stringify(bodyOf(telling, surroundings), null, 2),
      async send(telling, { name, url, secrets }, signal) {
        const body = JSON.stringify(bodyOf(telling, surroundings))
        const headers = {
          'content-type': 'application/json',
          'user-agent': 'imagedrop',
          ...signatureHeaders({ id: idOf(telling), sentAt: new Date(), body }, secrets),
        }
        await send({ what: name, method: 'POST', url, headers, body }, signal)
      },
    })
  },
})
