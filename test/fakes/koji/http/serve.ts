import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket, type TlsOptions } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeMessage, type Message } from '../../../../services/builder/engines/koji/rpc/decode.ts'
import { encodeFault, encodeReply } from '../../../../services/builder/engines/koji/rpc/encode.ts'
import type { Value } from '../../../../services/builder/engines/koji/rpc/value.ts'
import type { Dispatcher } from '../dispatch.ts'
import { Fault } from '../fault.ts'
import type { Caller } from '../sessions.ts'
import type { Disturbance, Disturbances } from './disturbances.ts'
import { serveFile } from './files.ts'

/** What a hub's web server needs to know. */
export interface ServeOptions {
  readonly dispatcher: Dispatcher
  readonly disturbances: Disturbances
  readonly top: string
  readonly tls: TlsOptions | null
  /** Who holds the row of a session; all servers of a hub have the same. */
  readonly locks: Map<string, Promise<void>>
  /** Told of every call and every file, before it is answered. */
  readonly heard: (
    name: string,
    request: { readonly body: string; readonly headers: IncomingMessage['headers'] },
  ) => void
}

const most = 4 * 1024 * 1024

/** Serves a hub at `/kojihub` and its files at `/kojifiles`, on a free port of the loopback. */
export async function serve(options: ServeOptions): Promise<{ readonly port: number } & AsyncDisposable> {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, options).catch((error: unknown) => {
      response.socket?.destroy(error instanceof Error ? error : undefined)
    })
  }
  const server = options.tls ? createSecureServer(options.tls, handle) : createServer(handle)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ServeOptions): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://hub')
  const bytes = await readBody(request)
  if (url.pathname.startsWith('/kojifiles/')) {
    options.heard(url.pathname, { body: '', headers: request.headers })
    const disturbance = options.disturbances.next(url.pathname)
    if (disturbance && (await disturb(disturbance, response))) return
    serveFile(request, response, options.top, decodeURIComponent(url.pathname.replace('/kojifiles/', '')), disturbance)
    return
  }
  if (!url.pathname.startsWith('/kojihub')) {
    reply(response, 404, 'text/html', '<html><body><h1>Not Found</h1></body></html>')
    return
  }
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST')
    reply(
      response,
      405,
      'text/plain',
      'Method Not Allowed\nThis is an XML-RPC server. Only POST requests are accepted.\n',
    )
    return
  }
  await answerCall(request, response, url, bytes, options)
}

async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  bytes: Buffer,
  { dispatcher, disturbances, heard, locks }: ServeOptions,
): Promise<void> {
  const isUpload = request.headers['content-type'] === 'application/octet-stream'
  const message = isUpload ? null : readCall(bytes)
  if (typeof message === 'string') {
    reply(response, 400, 'text/plain', `Invalid request: ${message}`)
    return
  }
  const name = message?.method ?? 'upload'
  heard(name, { body: bytes.toString('utf8'), headers: request.headers })
  if (refusesCertificate(request, url)) {
    const told =
      "You don't have permission to access this resource.Reason: Cannot perform Post-Handshake Authentication."
    reply(response, 403, 'text/html', `<html><body><h1>Forbidden</h1><p>${told}</p></body></html>`)
    return
  }
  // Who calls is known before anything happens to the call: he may be gone when it is carried out.
  const caller = callerOf(request, url)
  using _row = await lock(locks, caller.headers['koji-session-id'])
  const disturbance = disturbances.next(name)
  if (disturbance && (await disturb(disturbance, response))) return
  const text = outcome(() =>
    message ? dispatcher.call(caller, message.method, message.params) : dispatcher.upload(caller, bytes),
  )
  if (disturbance?.what === 'reply lost') response.socket?.destroy()
  else if (disturbance?.what === 'cut') cutOff(response, text, disturbance.after)
  else reply(response, 200, 'text/xml', disturbance?.what === 'body' ? disturbance.body : text)
}

/** The hub locks a session's row for each call, so that calls of one session come one after the other. */
async function lock(locks: ServeOptions['locks'], session: string | undefined): Promise<Disposable> {
  if (session === undefined) return { [Symbol.dispose]() {} }
  const before = locks.get(session)
  const { promise, resolve } = Promise.withResolvers<void>()
  locks.set(session, promise)
  await before
  return { [Symbol.dispose]: resolve }
}

function outcome(work: () => Value): string {
  try {
    return encodeReply(work())
  } catch (error) {
    if (error instanceof Fault) return encodeFault(error.code, error.message)
    throw error
  }
}

function readCall(bytes: Buffer): Extract<Message, { kind: 'call' }> | string {
  if (bytes.length === 0) return 'Empty request'
  if (bytes.length > most) return 'Request too long'
  try {
    const message = decodeMessage(bytes.toString('utf8'))
    return message.kind === 'call' ? message : 'no call'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** True when the disturbance has answered in the hub's place. */
async function disturb(disturbance: Disturbance, response: ServerResponse): Promise<boolean> {
  switch (disturbance.what) {
    case 'request lost':
      response.socket?.destroy()
      return true
    case 'status':
      reply(response, disturbance.status, 'text/html', '<h1>proxy error</h1>')
      return true
    case 'redirect':
      response.setHeader('Location', disturbance.to)
      reply(response, 302, 'text/html', '')
      return true
    case 'delay':
      await sleep(disturbance.milliseconds)
      return false
    case 'reply lost':
    case 'body':
    case 'cut':
      return false
  }
}

function cutOff(response: ServerResponse, text: string, after: number): void {
  response.writeHead(200, { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(text) })
  response.write(Buffer.from(text).subarray(0, after), () => response.socket?.destroy())
}

function callerOf(request: IncomingMessage, url: URL): Caller {
  const { socket } = request
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : null
  const asked = url.pathname.startsWith('/kojihub/ssllogin')
  const names = certificate?.subject
  const commonName = names ? String(names.CN) : ''
  return {
    headers: request.headers as Caller['headers'],
    query: url.search.slice(1),
    address: socket.remoteAddress ?? '',
    certificate: asked && commonName !== '' ? { commonName, subject: `CN=${commonName},O=${String(names?.O)}` } : null,
  }
}

/** Apache asks for the certificate below `/ssllogin` only, which under TLS 1.3 is after the handshake. Node cannot. */
function refusesCertificate({ socket }: IncomingMessage, url: URL): boolean {
  return (
    socket instanceof TLSSocket && url.pathname.startsWith('/kojihub/ssllogin') && socket.getProtocol() === 'TLSv1.3'
  )
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    ...(type === 'text/xml' ? { 'Koji-Version': '1.35.3' } : {}),
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}
