import { z } from 'zod'
import { failureOf } from '#openstack/failure.ts'
import type { Session } from '#openstack/session.ts'
import { TransientError } from '#service/errors.ts'

/** Nova (docs.openstack.org/api-ref/compute), as one account sees it. Throws TransientError, PermanentError. */
export interface Nova {
  readonly place: string
  readonly session: Session
}

const server = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  metadata: z.record(z.string(), z.string()).default({}),
  addresses: z.record(z.string(), z.array(z.object({ addr: z.string(), version: z.number() }))).default({}),
  fault: z.object({ message: z.string() }).optional(),
})

/** A server as Nova shows it. */
export type Server = z.infer<typeof server>

/** What a server is made with. */
export interface NewServer {
  readonly name: string
  readonly imageRef: string
  readonly flavorRef: string
  readonly networks: 'none' | 'auto' | readonly { readonly uuid: string }[]
  readonly config_drive: boolean
  /** In base64. */
  readonly user_data: string
  readonly key_name: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Networks `none` and `auto` came with 2.37; nothing newer is needed, and older clouds are refused by their own words. */
const version = { 'openstack-api-version': 'compute 2.37', 'x-openstack-nova-api-version': '2.37' }

/** Makes a server; it is there as soon as its id is known, and works later. */
export async function createServer(nova: Nova, value: NewServer, signal: AbortSignal): Promise<string> {
  const reply = await ask(nova, signal, 'POST', '/servers', { server: value })
  if (reply.status !== 202) throw failureOf(`${nova.place}: making the server ${value.name}`, reply)
  return parse(nova, z.object({ server: z.object({ id: z.string() }) }), reply.text).server.id
}

/** The server of an id; null when it is gone. */
export async function findServer(nova: Nova, id: string, signal: AbortSignal): Promise<Server | null> {
  const reply = await ask(nova, signal, 'GET', `/servers/${id}`)
  if (reply.status === 404) return null
  if (reply.status !== 200) throw failureOf(`${nova.place}: server ${id}`, reply)
  const found = parse(nova, z.object({ server }), reply.text).server
  // A cloud that keeps what was deleted for a while still shows it. One that is `DELETED` goes in a moment, and is listed until then.
  return found.status === 'SOFT_DELETED' ? null : found
}

/** All servers of our project. */
export async function listServers(nova: Nova, signal: AbortSignal): Promise<Server[]> {
  const found: Server[] = []
  for (let marker = ''; ;) {
    const query = new URLSearchParams({ limit: '200', ...(marker === '' ? {} : { marker }) })
    const reply = await ask(nova, signal, 'GET', `/servers/detail?${query.toString()}`)
    if (reply.status !== 200) throw failureOf(`${nova.place}: list of servers`, reply)
    const { servers } = parse(nova, z.object({ servers: z.array(server) }), reply.text)
    found.push(...servers)
    marker = servers.at(-1)?.id ?? ''
    if (marker === '') return found
  }
}

/** Asks for the end of a server; one that is gone is no error. */
export async function deleteServer(nova: Nova, id: string, signal: AbortSignal): Promise<void> {
  const reply = await ask(nova, signal, 'DELETE', `/servers/${id}`)
  if (reply.status !== 204 && reply.status !== 404) throw failureOf(`${nova.place}: deleting the server ${id}`, reply)
}

/** Presses the power button, or switches a server on that is off. */
export async function switchServer(nova: Nova, id: string, to: 'on' | 'off', signal: AbortSignal): Promise<void> {
  const action = to === 'on' ? 'os-start' : 'os-stop'
  const reply = await ask(nova, signal, 'POST', `/servers/${id}/action`, { [action]: null })
  // Refused when it is so already.
  if (reply.status !== 202 && reply.status !== 409) throw failureOf(`${nova.place}: ${action} of ${id}`, reply)
}

/** The end of what a server has said on its serial console; null while nothing can be told. */
export async function readConsole(nova: Nova, id: string, signal: AbortSignal): Promise<string | null> {
  const reply = await ask(nova, signal, 'POST', `/servers/${id}/action`, { 'os-getConsoleOutput': {} })
  // It has no console yet, or no more.
  if (reply.status === 404 || reply.status === 409) return null
  if (reply.status !== 200) throw failureOf(`${nova.place}: the console of ${id}`, reply)
  return parse(nova, z.object({ output: z.string().nullable() }), reply.text).output
}

/** Gives Nova a public key by a name, which must be free. */
export async function addKey(nova: Nova, name: string, publicKey: string, signal: AbortSignal): Promise<void> {
  const reply = await ask(nova, signal, 'POST', '/os-keypairs', { keypair: { name, public_key: publicKey } })
  if (reply.status !== 200 && reply.status !== 201) throw failureOf(`${nova.place}: the key ${name}`, reply)
}

/** Removes a key; one that is gone is no error. */
export async function deleteKey(nova: Nova, name: string, signal: AbortSignal): Promise<void> {
  const reply = await ask(nova, signal, 'DELETE', `/os-keypairs/${name}`)
  if (![202, 204, 404].includes(reply.status)) throw failureOf(`${nova.place}: deleting the key ${name}`, reply)
}

/** Names of all keys of our user. */
export async function listKeys(nova: Nova, signal: AbortSignal): Promise<string[]> {
  const reply = await ask(nova, signal, 'GET', '/os-keypairs')
  if (reply.status !== 200) throw failureOf(`${nova.place}: list of keys`, reply)
  const named = z.object({ keypair: z.object({ name: z.string() }) })
  return parse(nova, z.object({ keypairs: z.array(named) }), reply.text).keypairs.map(({ keypair }) => keypair.name)
}

const flavor = z.object({ id: z.string(), name: z.string(), disk: z.number() })

/** A flavor; its disk in GiB, 0 for as large as the image. */
export type Flavor = z.infer<typeof flavor>

/** The flavor that has this name or id; null when there is none. */
export async function findFlavor(nova: Nova, wanted: string, signal: AbortSignal): Promise<Flavor | null> {
  const reply = await ask(nova, signal, 'GET', '/flavors/detail?limit=1000')
  if (reply.status !== 200) throw failureOf(`${nova.place}: list of flavors`, reply)
  const { flavors } = parse(nova, z.object({ flavors: z.array(flavor) }), reply.text)
  return flavors.find(({ id, name }) => id === wanted || name === wanted) ?? null
}

async function ask(
  { session }: Nova,
  signal: AbortSignal,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  json?: object,
) {
  const body = json === undefined ? {} : { body: () => JSON.stringify(json) }
  return await session.ask(
    { method, path, headers: { 'content-type': 'application/json', ...version }, ...body },
    signal,
  )
}

function parse<Shape extends z.ZodType>({ place }: Nova, shape: Shape, text: string): z.infer<Shape> {
  try {
    return shape.parse(JSON.parse(text))
  } catch (cause) {
    throw new TransientError(`${place}: Nova's answer is not what was asked for: ${text.slice(0, 100)}`, { cause })
  }
}
