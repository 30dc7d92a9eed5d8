import { z } from 'zod'
import { tellDestinations } from '../../destinations.ts'
import { lineOf } from '../../story/line.ts'
import { idOf } from '../../story/telling.ts'
import { defineChannel } from '../channel.ts'
import { createHomeserver } from './homeserver.ts'
import { readMatrixSettings } from './settings.ts'
import { messageOf } from './message.ts'

/** A message in rooms of Matrix, by an account of one homeserver. */
export const channel = defineChannel({
  settings: { matrixFile: z.string().nullable().default(null) },
  kind: 'message',
  open({ matrixFile }, { deliverOnce, pageUrl }) {
    if (matrixFile === null) return null
    const { rooms, ...account } = readMatrixSettings(matrixFile)
    const homeserver = createHomeserver(account)
    return tellDestinations({
      places: rooms,
      deliverOnce,
      idOf,
      textFor: (telling, { msgtype }) => messageOf(lineOf(telling, pageUrl), msgtype).body,
      async send(telling, { name, msgtype }, signal) {
        const room = await homeserver.enter(name, signal)
        await homeserver.send(
          { room, transaction: idOf(telling), content: messageOf(lineOf(telling, pageUrl), msgtype) },
          signal,
        )
      },
    })
  },
})
