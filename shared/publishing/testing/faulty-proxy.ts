import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Call, PlaceOf, Via } from './contract-place.ts'

/** `lost`: it never arrives. `unheard`: it has its effect, and the answer is lost. `silent`: it is taken, and nothing comes. */
export type Fate = 'passes' | 'lost' | 'unheard' | 'silent'

/** What becomes of a request; it may do something itself meanwhile, which then came first. */
export type Meets = (call: Call) => Fate | Promise<Fate>

/** Stands between one publisher and its place, and decides for each request what becomes of it. */
export interface FaultyProxy extends AsyncDisposable {
  readonly via: Via
  /** Resolves when what was passed on has had its effect. */
  settled(): Promise<void>
}

export function createFaultyProxy(meets: Meets): FaultyProxy {
  const servers: Server[] = []
  const passing = new Set<Promise<unknown>>()
  return {
    async via(address, placeOf = () => 'first') {
      const to = new URL(address)
      const server = createServer((request, response) => {
        const answering = answer({ request, response, to, placeOf, meets }).catch(() => request.socket.destroy())
        passing.add(answering)
        void answering.finally(() => passing.delete(answering))
      })
      servers.push(server)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      return `http://127.0.0.1:${String(port)}${to.pathname.replace(/\/$/, '')}`
    },
    async settled() {
      while (passing.size > 0) await Promise.all(passing)
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
      await Promise.all(passing)
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly to: URL
  readonly placeOf: PlaceOf
  readonly meets: Meets
}

async function answer({ request, response, to, placeOf, meets }: Exchange): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = request
  const asked = { method, path, headers, body: await buffer(request) }
  const call = { ...asked, place: placeOf(asked) }
  const fate = await meets(call)
  if (fate === 'silent') return
  if (fate === 'lost') {
    request.socket.destroy()
    return
  }
  const reply = await pass(call, to)
  if (fate === 'unheard') request.socket.destroy()
  else response.writeHead(reply.status, reply.headers).end(reply.body)
}

/** As it came, with the host that the caller has signed. */
async function pass({ method, path, headers, body }: Call, { hostname, port }: URL) {
  const { 'transfer-encoding': _, ...rest } = headers
  const passed = ask({
    hostname,
    port,
    method,
    path,
    headers: { ...rest, 'content-length': body.length },
    agent: false,
  })
  passed.end(body)
  const [response] = (await once(passed, 'response')) as [IncomingMessage]
  const { 'transfer-encoding': __, ...answered } = response.headers
  return { status: response.statusCode ?? 502, headers: answered, body: await buffer(response) }
}
