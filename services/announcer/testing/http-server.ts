import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** One request that a server has heard to its end. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Answer {
  /** Nothing is said, and the connection stays (`silence`) or ends (`hang up`). */
  readonly status: number | 'silence' | 'hang up'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string
  readonly heard: readonly Request[]
}

/** Runs a real HTTP server for a test, which answers each request as it is told. */
export async function openHttpServer(answer: (request: Request) => Answer): Promise<HttpServer> {
  const heard: Request[] = []
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const whole = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
        heard.push(whole)
        const { status, headers = {}, body: answered = {} } = answer(whole)
        if (status === 'hang up') request.socket.destroy()
        else if (status !== 'silence') response.writeHead(status, headers).end(JSON.stringify(answered))
      },
      // Who is killed in the middle of a request has sent nothing.
      () => null,
    )
  }).listen(0, '127.0.0.1')
  server.on('clientError', () => null)
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
