import { createReadStream, lstatSync, readdirSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, normalize } from 'node:path'
import type { Disturbance } from './disturbances.ts'

/** Serves a file below the hub's folder as Apache does: whole or in a range, 404 for none, 403 for a link to nothing. */
export function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  top: string,
  path: string,
  disturbance: Disturbance | null,
): void {
  const place = join(top, normalize(`/${path}`))
  const entry = lstatSync(place, { throwIfNoEntry: false })
  const found = statSync(place, { throwIfNoEntry: false })
  if (!entry) {
    refuse(response, 404, 'Not Found')
    return
  }
  if (!found) {
    // The link is still there, and what it pointed to has been cleaned away.
    refuse(response, 403, 'Forbidden')
    return
  }
  if (found.isDirectory()) {
    serveListing(request, response, place)
    return
  }
  const etag = `"${found.size.toString(16)}-${Math.trunc(found.mtimeMs).toString(16)}"`
  const range = rangeOf(request, etag, found.size)
  if (range === 'beyond') {
    response.setHeader('Content-Range', `bytes */${String(found.size)}`)
    refuse(response, 416, 'Requested Range Not Satisfiable')
    return
  }
  const { start, end } = range ?? { start: 0, end: found.size - 1 }
  response.writeHead(range ? 206 : 200, {
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Content-Length': Math.max(end - start + 1, 0),
    ...(range ? { 'Content-Range': `bytes ${String(start)}-${String(end)}/${String(found.size)}` } : {}),
  })
  if (found.size === 0) {
    response.end()
    return
  }
  const last = disturbance?.what === 'cut' ? Math.min(start + disturbance.after - 1, end) : end
  const stream = createReadStream(place, { start, end: last })
  if (last < end) stream.on('end', () => response.write('', () => response.socket?.destroy()))
  stream.pipe(response, { end: last === end })
}

/** A list of links. Apache cuts a range out of that as well. */
function serveListing(request: IncomingMessage, response: ServerResponse, place: string): void {
  const names = readdirSync(place).map((name) => `<li><a href="${name}">${name}</a></li>`)
  const body = Buffer.from(`<html><body><ul>${names.join('\n')}</ul></body></html>`)
  const range = rangeOf(request, '', body.length)
  const part = range === null || range === 'beyond' ? body : body.subarray(range.start, range.end + 1)
  response.writeHead(part === body ? 200 : 206, {
    'Content-Type': 'text/html;charset=UTF-8',
    'Content-Length': part.length,
  })
  response.end(part)
}

function rangeOf(
  request: IncomingMessage,
  etag: string,
  size: number,
): { start: number; end: number } | 'beyond' | null {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const condition = request.headers['if-range']
  if (!match || (condition !== undefined && condition !== etag)) return null
  const start = Number(match[1])
  if (start >= size) return 'beyond'
  return { start, end: match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1) }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  const body = `<!DOCTYPE HTML>\n<html><head>\n<title>${String(status)} ${text}</title>\n</head><body>\n<h1>${text}</h1>\n</body></html>\n`
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=iso-8859-1',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}
