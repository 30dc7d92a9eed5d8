import { z } from 'zod'
import { openHttpServer, type HttpServer, type Request } from '../../../testing/http-server.ts'

/** A message of a room. */
export interface RoomMessage {
  readonly room: string
  readonly body: string
  readonly formatted: string | null
}

export interface TestHomeserver extends Pick<HttpServer, 'url' | 'heard'>, AsyncDisposable {
  readonly messages: readonly RoomMessage[]
}

const content = z.strictObject({
  msgtype: z.enum(['m.notice', 'm.text']),
  body: z.string().min(1),
  'm.mentions': z.strictObject({}),
  format: z.literal('org.matrix.custom.html').optional(),
  formatted_body: z.string().optional(),
})

/**
 * Runs a server that takes of the client API of Matrix what is used of it, and nothing else: as Synapse does, it takes a
 * transaction once. `npm run prove -- matrix` holds the channel to Synapse itself.
 */
export async function openHomeserver(token: string, rooms: Readonly<Record<string, string>>): Promise<TestHomeserver> {
  const messages: RoomMessage[] = []
  const transactions = new Map<string, string>()
  const entered = new Set<string>()

  function answer({ method, path, headers, body }: Request) {
    const [start, ...words] = path.split(/(?<=^\/_matrix\/client\/v3)\//)
    const [verb, first = '', ...others] = (words[0] ?? '').split('/').map(decodeURIComponent)
    if (start !== '/_matrix/client/v3') return refuse(404, 'M_UNRECOGNIZED')
    if (headers.authorization !== `Bearer ${token}`) return refuse(401, 'M_UNKNOWN_TOKEN')
    if (method === 'POST' && verb === 'join') {
      const room = rooms[first] ?? Object.values(rooms).find((id) => id === first)
      if (room === undefined) return refuse(404, 'M_NOT_FOUND')
      entered.add(room)
      return { status: 200, body: { room_id: room } } as const
    }
    const [act, type, transaction = ''] = others
    if (method !== 'PUT' || verb !== 'rooms' || act !== 'send' || type !== 'm.room.message' || transaction === '') {
      return refuse(404, 'M_UNRECOGNIZED')
    }
    if (!entered.has(first)) return refuse(403, 'M_FORBIDDEN')
    const key = `${first} ${transaction}`
    const event = transactions.get(key) ?? `$event${String(transactions.size)}`
    if (!transactions.has(key)) {
      const { body: text, formatted_body: formatted = null } = content.parse(JSON.parse(body))
      messages.push({ room: first, body: text, formatted })
    }
    transactions.set(key, event)
    return { status: 200, body: { event_id: event } } as const
  }

  const server = await openHttpServer(answer)
  return { url: server.url, heard: server.heard, messages, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

function refuse(status: number, errcode: string) {
  return { status, body: { errcode, error: 'no' } }
}
