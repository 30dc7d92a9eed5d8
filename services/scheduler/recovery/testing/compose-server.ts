import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readComposeId } from '../../compose/compose-id.ts'

/** Serves composes as Fedora's server does: an index per folder, ETags, redirects where a test puts them. */
export async function startComposes({ etags = true } = {}) {
  const files = new Map<string, string>()
  const redirects = new Map<string, string>()
  const asked: { path: string; status: number }[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const text = files.get(path) ?? (path.endsWith('/') ? indexOf(path) : undefined)
    const etag = `"${createHash('sha256')
      .update(text ?? '')
      .digest('hex')
      .slice(0, 12)}"`
    const target = redirects.get(path)
    const status =
      target !== undefined ? 302 : text === undefined ? 404 : request.headers['if-none-match'] === etag ? 304 : 200
    asked.push({ path, status })
    response.writeHead(status, target === undefined ? (etags ? { etag } : {}) : { location: target })
    response.end(status === 200 ? text : undefined)
  })
  function indexOf(folder: string): string | undefined {
    const names = new Set(
      [...files.keys()]
        .filter((path) => path.startsWith(folder))
        .map((path) => path.slice(folder.length).split('/')[0]),
    )
    if (names.size === 0) return undefined
    const rows = [...names].map(
      (name) => `<img alt="[DIR]"> <a href="${name ?? ''}/">${name ?? ''}/</a> 2026-07-14 05:12`,
    )
    return `<pre><a href="?C=N;O=D">Name</a><hr><a href="/compose/">Parent Directory</a>\n${rows.join('\n')}</pre>`
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const root = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    root,
    files,
    redirects,
    asked,
    put(folder: string, id: string, status: string, more?: object) {
      for (const [name, text] of Object.entries(filesOf(id, status, more))) files.set(`${folder}/${name}`, text)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What a compose's folder holds that tells of it. */
export function filesOf(id: string, status: string, more: object = {}): Record<string, string> {
  const { type, date, respin, short, version } = readComposeId(id) ?? {}
  const compose = { id, type, date, respin, ...more }
  const release = { name: short, short, version, type: 'ga', internal: false }
  const info = {
    header: { type: 'productmd.composeinfo', version: '1.2' },
    payload: { compose, release, variants: {} },
  }
  const images = { payload: { images: {} } }
  return {
    STATUS: `${status}\n`,
    COMPOSE_ID: id,
    'compose/metadata/composeinfo.json': JSON.stringify(info),
    'compose/metadata/images.json': JSON.stringify(images),
  }
}
