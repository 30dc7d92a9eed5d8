import { once } from 'node:events'
import { createServer } from 'node:http'

/** An open mirror with one file. */
export interface Mirror extends AsyncDisposable {
  readonly url: string
  /** What it gives; nothing is a 404. */
  content: Buffer | null
}

export async function startMirror(port: number): Promise<Mirror> {
  const server = createServer((_, response) => {
    const { content } = mirror
    response.writeHead(content === null ? 404 : 200, content === null ? {} : { 'content-length': content.length })
    response.end(content ?? '')
  })
  const mirror = {
    url: `http://127.0.0.1:${String(port)}`,
    content: null as Buffer | null,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return mirror
}
