import { randomBytes } from 'node:crypto'
import type { Struct, Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { authError, Fault, generic, notAllowed, unexpected } from './fault.ts'
import { truthy } from './python.ts'
import type { Session, User, World } from './world.ts'

/** Who calls, as far as HTTP tells. */
export interface Caller {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly query: string
  readonly address: string
  /** The subject of a client certificate that was verified, where one was asked for. */
  readonly certificate: { readonly commonName: string; readonly subject: string } | null
}

/** A call with the session that it belongs to, while it is carried out. */
export interface Scene {
  readonly world: World
  readonly caller: Caller
  readonly session: Session | null
  /** Of a session that has expired: only a login may follow. */
  readonly expired: boolean
  /** Set by whatever writes: only then the number of the call is kept. */
  wrote: boolean
}

const day = 24 * 60 * 60 * 1000

/** Finds the session of a call and refuses the call for its sake: 1002, 1006, 1007, 1008, 1009. */
export function enterSession(world: World, caller: Caller, method: string | null): Scene {
  const scene = (session: Session | null, expired = false): Scene => ({ world, caller, session, expired, wrote: false })
  const given = readSession(caller, world.options.disableUrlSessions)
  if (given === null) return scene(null)
  const session = world.sessions.get(given.id)
  if (!session || session.closed || session.key !== given.key || session.hostip !== caller.address) {
    throw authError('Invalid session or bad credentials')
  }
  if (world.now().getTime() > (session.renewedAt ?? session.startedAt).getTime() + day) expire(world, session)
  if (session.expired && method !== 'login' && method !== 'sslLogin') {
    throw new Fault(1007, `session "${String(session.id)}" has expired`)
  }
  refuseNumber(session, given.number, method)
  if (session.expired) return scene(session, true)
  const owner = userOf(world, session.userId)
  if (owner.blocked) throw authError(`logins by ${owner.name} are not allowed`)
  refuseLocked(world, session, method)
  session.updatedAt = world.now()
  return scene(session)
}

/** Keeps the number of a call that wrote something and did not fail. */
export function settle({ session, wrote, caller, world }: Scene): void {
  const number = readSession(caller, world.options.disableUrlSessions)?.number ?? null
  if (session && wrote && number !== null) session.callnum = number
}

export function expire(world: World, session: Session): void {
  for (const one of world.sessions.values()) if (one === session || one.master === session.id) one.expired = true
}

function readSession({ headers, query }: Caller, ignoreQuery: boolean) {
  const id = headers['koji-session-id']
  if (id !== undefined) {
    const key = headers['koji-session-key']
    if (key === undefined) throw unexpected('KeyError', "'HTTP_KOJI_SESSION_KEY'")
    const number = headers['koji-session-callnum'] ?? headers['koji-callnum']
    return { id: int(id), key, number: number === undefined ? null : int(number) }
  }
  if (ignoreQuery || query === '') return null
  const fields = new URLSearchParams(query)
  const bad = query.split('&').find((field) => !field.includes('='))
  if (bad !== undefined) throw unexpected('ValueError', `bad query field: '${bad}'`)
  const [old, key, number] = [fields.get('session-id'), fields.get('session-key'), fields.get('callnum')]
  if (old === null) throw authError("'session-id' not specified in session args")
  if (key === null) throw authError("'session-key' not specified in session args")
  return { id: int(old), key, number: number === null ? null : int(number) }
}

function int(text: string): number {
  if (/^\s*[+-]?\d+\s*$/.test(text)) return Number(text)
  throw unexpected('ValueError', `invalid literal for int() with base 10: '${text}'`)
}

function refuseNumber({ id, callnum }: Session, number: number | null, method: string | null): void {
  if (number === null || callnum === null) return
  if (callnum > number) throw new Fault(1008, `${String(callnum)} > ${String(number)} (session ${String(id)})`)
  // Uploads have no method, and so none that may not be repeated; nor do they ever keep their number.
  if (callnum === number && !repeatable.has(method ?? 'None')) {
    throw new Fault(
      1009,
      `unable to retry call ${String(number)} (method ${method ?? 'None'}) for session ${String(id)}`,
    )
  }
}

const repeatable = new Set([
  'host.taskWait',
  'host.taskUnwait',
  'host.taskSetWait',
  'host.updateHost',
  'host.setBuildRootState',
  'repoExpire',
  'repoDelete',
  'repoProblem',
])

function refuseLocked(world: World, session: Session, method: string | null): void {
  if (session.exclusive || ['exclusiveSession', 'login', 'logout'].includes(method ?? '')) return
  const holder = [...world.sessions.values()].find(
    (one) => one.userId === session.userId && one.exclusive && !one.closed,
  )
  if (holder && holder.id !== session.master) throw new Fault(1006, 'User locked by another session')
}

export function userOf(world: World, id: number): User {
  const user = world.users.find((one) => one.id === id)
  if (!user) throw generic(`No such user: ${String(id)}`)
  return user
}

/** The user of a call, when it has one. */
export function callerOf({ world, session }: Scene): User | null {
  return session ? userOf(world, session.userId) : null
}

export function hasPermission(scene: Scene, permission: string): boolean {
  return callerOf(scene)?.permissions.has(permission) ?? false
}

export function assertPermission(scene: Scene, permission: string): void {
  if (hasPermission(scene, permission) || hasPermission(scene, 'admin')) return
  const who = callerOf(scene)
  throw notAllowed(`${permission} permission required (${who ? `logged in as ${who.name}` : 'user not logged in'})`)
}

/** `login`, `sslLogin` and what else opens and closes sessions; bound arguments in, value out. */
export const sessionMethods = {
  login(scene: Scene, { user, password, renew, exclusive }: Struct): Value {
    if (typeof password !== 'string' || password === '') throw authError('invalid username or password')
    refuseSecond(scene)
    const found = scene.world.users.find((one) => one.name === user && one.password === password)
    if (!found) throw authError('invalid username or password')
    return enter(scene, found, 0, truthy(renew), truthy(exclusive))
  },

  sslLogin(scene: Scene, { proxyuser, renew, exclusive }: Struct): Value {
    refuseSecond(scene)
    const { caller, world } = scene
    if (!caller.certificate) throw authError('could not verify client: None')
    if (truthy(proxyuser)) throw authError(`${caller.certificate.subject} is not authorized to login other users`)
    const name = caller.certificate.commonName
    let user = world.users.find((one) => one.name === name)
    if (!user) {
      if (!world.options.loginCreatesUser) throw authError(`Unknown user: ${name}`)
      user = { id: world.users.length + 1, name, password: '', permissions: new Set(), blocked: false }
      world.users.push(user)
    }
    return enter(scene, user, 2, truthy(renew), truthy(exclusive))
  },

  subsession(scene: Scene): Value {
    const { session } = scene
    if (!session) throw authError('Not logged in')
    scene.wrote = true
    return ticket(create(scene, session.userId, session.authtype, session.master ?? session.id))
  },

  logout(scene: Scene, { session_id: other }: Struct): Value {
    const { session, world } = scene
    if (!session) throw authError('Not logged in')
    const closed = truthy(other) ? Number(other) : session.id
    for (const one of world.sessions.values()) {
      if (one.id === closed || one.master === closed)
        Object.assign(one, { expired: true, exclusive: false, closed: true })
    }
    scene.wrote = true
    return null
  },

  exclusiveSession(scene: Scene): Value {
    if (!scene.session) throw authError('Not logged in')
    scene.session.exclusive = true
    scene.wrote = true
    return null
  },

  sharedSession(scene: Scene): Value {
    if (!scene.session) throw authError('Not logged in')
    scene.session.exclusive = false
    scene.wrote = true
    return null
  },
}

function refuseSecond({ session, expired }: Scene): void {
  if (session && !expired) throw authError('Already logged in')
}

function enter(scene: Scene, user: User, authtype: number, renew: boolean, exclusive: boolean): Value {
  if (user.blocked) throw authError(`logins by ${user.name} are not allowed`)
  const session = renew && scene.session ? scene.session : create(scene, user.id, authtype, null)
  if (session === scene.session) {
    // A renewal gives a new key. The session keeps its id, and the number of its last call.
    Object.assign(session, { key: newKey(user.id), expired: false, renewedAt: scene.world.now() })
  }
  if (exclusive) session.exclusive = true
  return ticket(session)
}

function create({ world, caller }: Scene, userId: number, authtype: number, master: number | null): Session {
  return plantSession(world, {
    id: ++world.last.session,
    key: newKey(userId),
    userId,
    authtype,
    master,
    hostip: caller.address,
  })
}

/** Puts a session into the hub's database, as it is after a login. */
export function plantSession(world: World, given: Pick<Session, 'id' | 'key' | 'userId'> & Partial<Session>): Session {
  const now = world.now()
  const session: Session = {
    authtype: 0,
    master: null,
    hostip: '127.0.0.1',
    callnum: null,
    expired: false,
    closed: false,
    exclusive: false,
    startedAt: now,
    renewedAt: null,
    updatedAt: now,
    ...given,
  }
  world.sessions.set(session.id, session)
  return session
}

function newKey(userId: number): string {
  return `${String(userId)}-${randomBytes(20).toString('hex').slice(0, 19)}`
}

function ticket({ id, key }: Session): Value {
  return { 'session-id': id, 'session-key': key, 'header-auth': true }
}
