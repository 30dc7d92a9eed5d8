import { afterAll, beforeAll, expect, it } from 'vitest'
import { decodeMessage } from '../../../services/builder/engines/koji/rpc/decode.ts'
import { isStruct, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { startHub, type Hub } from './hub.ts'
import { chapters, recorded, type Exchange } from './recorded/read.ts'
import { plantSession } from './sessions.ts'
import { createAuthority, type Authority, type Pair } from './testing/certificates.ts'
import { differenceOf } from './testing/compare.ts'
import { before, setUp } from './testing/score.ts'
import { send, type Answer } from './testing/send.ts'
import { bringBeforeCancel, bringTasksTo, bringTo, end, tasksIn, type Endings } from './testing/stage.ts'
import { state } from './tasks.ts'
import { str } from './python.ts'
import type { Task } from './world.ts'

/**
 * The whole recording is played to one fake hub in the order in which it was made. What changes each time is left out:
 * times, session keys, sizes of files whose content nobody knows, and the order in which a hub lists files and children.
 * Ids are the recorded ones, since the hub is told where to count on from.
 */
const all = chapters.flatMap(recorded).toSorted((one, other) => one.id - other.id)

let hub: Hub
let authority: Authority
let stranger: Authority
const certificates = new Map<string, Pair>()
let newest: string
let older: string

beforeAll(async () => {
  hub = await startHub()
  authority = await createAuthority()
  stranger = await createAuthority()
  const server = await authority.issue('localhost')
  const tls = { cert: server.chain.pem, key: server.key.pem, ca: authority.certificate.pem, requestCert: true }
  newest = (await hub.serveTls({ ...tls, minVersion: 'TLSv1.3', rejectUnauthorized: false })).url
  older = (await hub.serveTls({ ...tls, maxVersion: 'TLSv1.2' })).url
  for (const name of ['imagedrop', 'nobody']) certificates.set(name, await authority.issue(name))
  certificates.set('stranger', await stranger.issue('imagedrop'))
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await authority[Symbol.asyncDispose]()
  await stranger[Symbol.asyncDispose]()
})

it('answers every recorded request as the real hub did', { timeout: 120_000 }, async () => {
  const endings = endingsOf(all)
  const differences: string[] = []
  let same = 0
  for (const exchange of all) {
    prepare(exchange, endings)
    const answer = await play(exchange)
    const difference = differenceOf(exchange, answer)
    if (difference === null || difference.startsWith(invented.get(exchange.id) ?? 'nothing')) same++
    else differences.push(`${String(exchange.id)} ${exchange.name}: ${difference}`)
    follow(exchange)
  }
  expect(differences).toEqual([])
  expect(same).toBe(all.length)
  expect(all.length).toBeGreaterThan(600)
})

/** Where the stand-in for the builder, in the recording, did what kojid does not: it left out the options of the child. */
const invented = new Map([[276, '.0.request.8.']])

/** Makes the hub what it was before an exchange. */
function prepare(exchange: Exchange, endings: Endings): void {
  const { reply, note = '' } = exchange
  const { world, disturbances } = hub
  setUp(world, exchange.id)
  ensureSession(exchange)
  before[exchange.id]?.(hub, endings)
  if (/WITHOUT passing the reply on/.test(note)) disturbances.plan({ what: 'reply lost' }, /^/)
  else if ('raw' in reply && !/SSL/.test(note)) disturbances.plan({ what: 'request lost' }, /^/)
  else if (!('raw' in reply) && reply.status >= 502) disturbances.plan({ what: 'status', status: reply.status }, /^/)
  const value = valueOf(exchange)
  if (value === undefined) return
  countOnFrom(exchange, value)
  bringTasksTo(hub, value, endings, exchange.id < 100)
  bringOver(exchange, value, endings)
}

function session(id: number) {
  const found = hub.world.sessions.get(id)
  if (!found) throw new Error(`no session ${String(id)}`)
  return found
}

/** Sessions whose login was not recorded. */
function ensureSession({ request, reply }: Exchange): void {
  const query = new URLSearchParams(request.path.split('?')[1] ?? '')
  const id = Number(request.headers['koji-session-id'] ?? query.get('session-id') ?? Number.NaN)
  const key = request.headers['koji-session-key'] ?? query.get('session-key')
  if (!Number.isInteger(id) || key === null || key === undefined || hub.world.sessions.has(id)) return
  if (!('raw' in reply) && /Invalid session/.test(reply.body)) return
  plantSession(hub.world, { id, key, userId: Number(key.split('-')[0]) })
}

const submits = /^(buildImageOz|buildImage|kiwiBuild|osbuildImage|imageBuilderBuild|resubmitTask)$/

/** What the hub gave a number to between what was recorded. */
function countOnFrom(exchange: Exchange, value: Value): void {
  const { last } = hub.world
  if (typeof value === 'number' && submits.test(callOf(exchange)?.method ?? '')) last.task = value - 1
  if (isStruct(value) && typeof value['session-id'] === 'number') last.session = value['session-id'] - 1
}

/** Brings the task of which something is asked to where the answer shows that it is. */
function bringOver(exchange: Exchange, value: Value, endings: Endings): void {
  const call = callOf(exchange)
  const { world } = hub
  if (faultOf(exchange)?.code === 1007 && exchange.id !== 310)
    hub.expire(Number(exchange.request.headers['koji-session-id']))
  if (!call) return
  if (/^(listBuilds|getBuild)$/.test(call.method)) {
    const build = (Array.isArray(value) ? value[0] : value) as Value
    const task = isStruct(build) ? world.tasks.get(Number(build['task_id'])) : undefined
    if (task && isStruct(build)) {
      if (build['state'] === 1) end(hub, task, endings)
      else bringTo(hub, task, state.open, endings)
    }
  }
  if (call.method === 'cancelTask') bringBeforeCancel(hub, Number(call.params[0]), endings)
  const task = world.tasks.get(Number(call.params[0]))
  if (!task) return
  const ends = endings.states.get(task.id)
  if (call.method === 'getTaskResult' && !/not finished/.test(faultOf(exchange)?.text ?? '')) {
    const root = task.parent === null ? task : world.tasks.get(task.parent)
    if (task.parent === null || ends === state.canceled) end(hub, root ?? task, endings)
    else bringTo(hub, task, ends ?? state.closed, endings)
  }
  if (call.method === 'listTaskOutput' || call.method === 'downloadTaskOutput')
    provideFiles(exchange, value, task, endings)
}

/** The files that a builder had uploaded by then. */
function provideFiles(exchange: Exchange, value: Value, task: Task, endings: Endings): void {
  const { builder } = hub
  const call = callOf(exchange)
  const names = Array.isArray(value) ? value.map(String) : isStruct(value) ? Object.keys(value) : []
  if (task.parent !== null && names.length > 0) {
    const ends = endings.states.get(task.id)
    const parent = hub.world.tasks.get(task.parent)
    const begun = builder.hasStarted(task.parent) && parent?.state === state.open
    if (task.state === state.open && ends !== state.failed && begun) builder.upload(task.id)
    else if (task.state !== state.closed || !builder.hasStarted(task.parent))
      for (const name of names) builder.write(task.id, name, `${name}\n`)
  }
  if (task.method === 'osbuildImage') for (const name of names) builder.write(task.id, name, `${name}\n`)
  if (call?.method !== 'downloadTaskOutput' || typeof value !== 'string' || value === '') return
  const keywords = call.params.at(-1)
  const offset = isStruct(keywords) ? Number(keywords['offset'] ?? 0) : 0
  builder.write(
    task.id,
    str(call.params[1]),
    Buffer.concat([Buffer.alloc(Math.max(offset, 0)), Buffer.from(value, 'base64')]),
  )
}

async function play(exchange: Exchange): Promise<Answer> {
  const { id, request, reply } = exchange
  const [name, url] = addressOf(id)
  const pair = certificates.get(name)
  const path = request.path.replace('/kojihub', '').replace('/kojifiles', '')
  const isFile = request.path.startsWith('/kojifiles')
  // Large uploads were not kept; their size was.
  const size =
    /rawUpload/.test(exchange.name) && !('raw' in reply)
      ? /<name>size<\/name>\s*<value><int>(\d+)/.exec(reply.body)?.[1]
      : undefined
  const body =
    size === undefined || Buffer.byteLength(request.body) === Number(size) ? request.body : 'k'.repeat(Number(size))
  const long = id === 359 ? 'x'.repeat(5 * 1024 * 1024) : body
  return await send((isFile ? hub.files : url) + path, long, {
    method: request.method,
    headers: { ...request.headers },
    ...(url.startsWith('https:') ? { ca: authority.certificate.pem } : {}),
    ...(pair ? { cert: pair.chain.pem, key: pair.key.pem } : {}),
  })
}

/** The logins by certificate went over TLS, each with a certificate of its own, or none. */
function addressOf(id: number): [certificate: string, url: string] {
  if (id === 378) return ['imagedrop', newest]
  if (id === 381) return ['', older]
  if (id === 382) return ['stranger', older]
  if (id === 384) return ['nobody', older]
  if ([379, 380, 385, 386, 387].includes(id)) return ['imagedrop', older]
  return ['', hub.url]
}

function follow(exchange: Exchange): void {
  const value = valueOf(exchange)
  if (!isStruct(value) || typeof value['session-id'] !== 'number') return
  session(value['session-id']).key = str(value['session-key'])
}

/** The recorded value; undefined for faults and for what is no reply of the hub. */
function valueOf({ reply }: Exchange): Value | undefined {
  if ('raw' in reply || reply.status !== 200 || !reply.body.startsWith('<?xml')) return undefined
  const message = decodeMessage(reply.body)
  return message.kind === 'reply' ? message.value : null
}

function faultOf({ reply }: Exchange): { readonly code: number; readonly text: string } | null {
  if ('raw' in reply || !reply.body.startsWith('<?xml')) return null
  const message = decodeMessage(reply.body)
  return message.kind === 'fault' ? message : null
}

function callOf({ request }: Exchange): { readonly method: string; readonly params: readonly Value[] } | null {
  try {
    const message = decodeMessage(request.body)
    return message.kind === 'call' ? message : null
  } catch {
    return null
  }
}

/** How every task ended: from what was told of it at last, and from what it had to say. */
function endingsOf(exchanges: readonly Exchange[]): Endings {
  const results = new Map<number, { readonly value: Value } | { readonly code: number; readonly text: string }>()
  const states = new Map<number, number>()
  const opened = new Set<number>()
  // The child of this one was cancelled without having been shown.
  const parents = new Map<number, number>([[46, 45]])
  for (const exchange of exchanges) {
    const value = valueOf(exchange)
    if (value === undefined) continue
    for (const task of tasksIn(value)) {
      const id = Number(task['id'])
      states.set(id, Number(task['state']))
      if (task['start_ts'] !== null) opened.add(id)
      if (task['parent'] !== null) parents.set(id, Number(task['parent']))
    }
    const call = callOf(exchange)
    if (call?.method !== 'getTaskResult') continue
    const fault = faultOf(exchange)
    const id = Number(call.params[0])
    if (fault && !/is not finished|is canceled|No such task/.test(fault.text)) results.set(id, fault)
    else if (fault && /is canceled/.test(fault.text)) states.set(id, state.canceled)
    else if (!fault && !(isStruct(value) && 'faultCode' in value)) results.set(id, { value })
  }
  return { results, states, opened, parents }
}
