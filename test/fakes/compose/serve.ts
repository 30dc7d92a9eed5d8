import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A web server on loopback for one folder. */
export interface FolderServer extends AsyncDisposable {
  readonly url: string
  /** Every path that was asked for. */
  readonly asked: readonly string[]
}

/** Serves a folder, and nothing outside of it. */
export async function serveFolder(folder: string): Promise<FolderServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    asked.push(path)
    const file = join(folder, path)
    const answer = async () => {
      const found = await stat(file).catch(() => null)
      if (found?.isFile() !== true) return void response.writeHead(404).end()
      response.writeHead(200, { 'content-length': found.size, 'last-modified': found.mtime.toUTCString() })
      if (request.method === 'HEAD') return void response.end()
      await pipeline(createReadStream(file), response)
    }
    // Whoever asks may leave before the end.
    answer().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
