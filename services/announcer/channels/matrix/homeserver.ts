import { z } from 'zod'
import { PermanentError } from '#service/errors.ts'
import { send } from '../../http.ts'

interface Account {
  readonly server: string
  readonly token: string
}

interface Message {
  /** The id of the room, not its alias. */
  readonly room: string
  /** The server takes a message once for each transaction of a token, and answers a repeated one with the first's event. */
  readonly transaction: string
  readonly content: unknown
}

/** What of a homeserver is needed to say something. */
export interface Homeserver {
  /** Enters a room by its id or alias, unless we are in it; resolves with its id. */
  enter(room: string, signal: AbortSignal): Promise<string>
  send(message: Message, signal: AbortSignal): Promise<void>
}

const joined = z.object({ room_id: z.string() })

/** Speaks the client-server API of Matrix, v1.1 and newer, as one account. */
export function createHomeserver({ server, token }: Account): Homeserver {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'user-agent': 'imagedrop' }
  const start = `${server.replace(/\/$/, '')}/_matrix/client/v3`
  const encode = encodeURIComponent

  return {
    async enter(room, signal) {
      const what = `${room}: join`
      const url = `${start}/join/${encode(room)}`
      const answer = await send({ what, method: 'POST', url, headers, body: '{}' }, signal)
      const read = joined.safeParse(parsed(answer))
      if (!read.success) throw new PermanentError('refused', `${what}: what answers there is no homeserver`)
      return read.data.room_id
    },
    async send({ room, transaction, content }, signal) {
      const url = `${start}/rooms/${encode(room)}/send/m.room.message/${encode(transaction)}`
      await send({ what: `${room}: send`, method: 'PUT', url, headers, body: JSON.stringify(content) }, signal)
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
