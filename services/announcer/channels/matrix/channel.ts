import { z } from 'zod'
import { tellDestinations } from '../destinations.ts'
import { lineOf } from '../../story/line.ts'
import { idOf, type Telling } from '../../story/telling.ts'
import { defineChannel } from '../channel.ts'
import { createHomeserver } from './homeserver.ts'
import { readMatrixSettings, type Room } from './settings.ts'
import { messageOf } from './message.ts'

/** A message in rooms of Matrix, by an account of one homeserver. */
export const channel = defineChannel({
  settings: { matrixFile: z.string().nullable().default(null) },
  kind: 'message',
  open({ matrixFile }, { deliverOnce, pageUrl }) {
    if (matrixFile === null) return null
    const { rooms, ...account } = readMatrixSettings(matrixFile)
    const homeserver = createHomeserver(account)
    const contentOf = (telling: Telling, msgtype: Room['msgtype']) => messageOf(lineOf(telling, pageUrl), msgtype)
    return tellDestinations({
      places: rooms,
      deliverOnce,
      idOf,
      show: (telling, { msgtype }) => contentOf(telling, msgtype).body,
      async send(telling, { name, msgtype }, signal) {
        const room = await homeserver.enter(name, signal)
        const message = { room, transaction: idOf(telling), content: contentOf(telling, msgtype) }
        await homeserver.send(message, signal)
      },
    })
  },
})
