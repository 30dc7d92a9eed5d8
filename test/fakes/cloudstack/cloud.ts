import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { assertKnown, commands } from './commands.ts'
import { internalError, Refusal } from './refusal.ts'
import { verify } from './verify.ts'
import { createWorld, type CloudOptions, type CloudWorld, type FakeAccount } from './world.ts'

/** A CloudStack management server over real HTTP, as far as publishers of templates see it. */
export interface FakeCloudStack extends AsyncDisposable {
  readonly endpoint: string
  readonly world: CloudWorld
  /** Commands that were carried out, in order. */
  readonly heard: string[]
  addAccount(name: string, admin?: boolean): FakeAccount
}

export async function startCloudStack(options: CloudOptions = {}): Promise<FakeCloudStack> {
  const world = createWorld(options)
  const heard: string[] = []
  const end = new AbortController()
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url ?? '', 'http://cloud')
    for (const [name, value] of new URLSearchParams(await text(request))) searchParams.append(name, value)
    const fields = new Map(searchParams)
    const command = fields.get('command')
    const reply = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
      response.end(JSON.stringify({ [`${(command ?? 'error').toLowerCase()}response`]: body }))
    }
    try {
      assertKnown(command)
      const account = verify(world, fields, world.clock())
      heard.push(command)
      reply(200, commands[command]?.({ world, account, fields, signal: end.signal }) ?? {})
    } catch (error) {
      const code = error instanceof Refusal ? error.code : internalError
      reply(code, {
        uuidList: [],
        errorcode: code,
        cserrorcode: 9999,
        errortext: error instanceof Error ? error.message : '',
      })
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/client/api`,
    world,
    heard,
    addAccount(name, admin = false) {
      const account = { name, key: `key-${name}`, secret: `s;e#c=r*~ ${name}`, admin }
      world.accounts.push(account)
      return account
    },
    async [Symbol.asyncDispose]() {
      end.abort()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
