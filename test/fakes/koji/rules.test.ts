import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeMessage, type Message } from '../../../services/builder/engines/koji/rpc/decode.ts'
import { encodeCall } from '../../../services/builder/engines/koji/rpc/encode.ts'
import type { Struct, Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { startHub, type Hub } from './hub.ts'
import { send } from './testing/send.ts'

/**
 * What the fake refuses, and what it must not refuse. Numbers in brackets are exchanges of `recorded/`, in which a real
 * hub did the same; `code` names the place in koji 2083513a where nothing was recorded.
 */
let hub: Hub
beforeEach(async () => {
  hub = await startHub()
})
afterEach(() => hub[Symbol.asyncDispose]())

type Ticket = { readonly 'session-id': number; readonly 'session-key': string }

async function post(
  method: string,
  args: readonly Value[],
  keywords?: Struct,
  ticket?: Ticket,
  number?: number,
): Promise<Message> {
  const headers: Record<string, string> = { 'Content-Type': 'text/xml' }
  if (ticket)
    Object.assign(headers, {
      'Koji-Session-Id': String(ticket['session-id']),
      'Koji-Session-Key': ticket['session-key'],
    })
  if (number !== undefined) headers['Koji-Session-Callnum'] = String(number)
  const answer = await send(hub.url, encodeCall(method, args, keywords), { method: 'POST', headers })
  if ('lost' in answer) throw new Error('no answer')
  return decodeMessage(answer.body)
}
const said = (message: Message) =>
  message.kind === 'fault'
    ? `${String(message.code)} ${message.text.split('\n')[0] ?? ''}`
    : message.kind === 'reply'
      ? message.value
      : message
const logIn = async (user = 'imagedrop') => {
  const message = await post('login', [user, 'dummy-password'])
  if (message.kind !== 'reply') throw new Error('refused')
  return message.value as unknown as Ticket
}
const order = ['Fedora', '43', ['x86_64'], 'f43', 'https://x'] as const
const scratch = { opts: { scratch: true, distro: 'Fedora-43' } }

describe('call numbers', () => {
  it('are kept of writes that succeed only: a read, a fault and an upload may come again [283-289, 347, 348]', async () => {
    const ticket = await logIn()
    expect(said(await post('getLoggedInUser', [], undefined, ticket, 8))).toMatchObject({ name: 'imagedrop' })
    expect(said(await post('buildImageOz', order, scratch, ticket, 8))).toBe(1)
    expect(
      said(await post('buildImageOz', ['Fedora', 43, ['x86_64'], 'f43', 'https://x'], scratch, ticket, 9)),
    ).toMatch(/^1019/)
    expect(said(await post('buildImageOz', order, scratch, ticket, 9))).toBe(2)
    expect(said(await post('buildImageOz', order, scratch, ticket, 9))).toBe(
      '1009 unable to retry call 9 (method buildImageOz) for session 1',
    )
    expect(said(await post('getLoggedInUser', [], undefined, ticket, 9))).toMatch(/^1009/)
    expect(said(await post('getLoggedInUser', [], undefined, ticket, 5))).toBe('1008 9 > 5 (session 1)')
    expect(said(await post('buildImageOz', order, scratch, ticket, 1000))).toBe(3)
  })

  it('are no protection when they are left out [290]', async () => {
    const ticket = await logIn()
    expect(said(await post('buildImageOz', order, scratch, ticket))).toBe(1)
    expect(said(await post('buildImageOz', order, scratch, ticket))).toBe(2)
  })

  it('are looked at one call after the other, so that a slow one holds up its session and no other as was measured', async () => {
    const [mine, other] = [await logIn(), await logIn()]
    hub.disturbances.plan({ what: 'delay', milliseconds: 400 }, 'echo')
    const ended: string[] = []
    const end = (name: string) => () => ended.push(name)
    await Promise.all([
      post('echo', [1], undefined, mine, 1).then(end('slow')),
      // Sent while the slow one is under way.
      new Promise((resolve) => setTimeout(resolve, 100)).then(() =>
        Promise.all([
          post('getAPIVersion', [], undefined, mine, 2).then(end('behind it')),
          post('getAPIVersion', [], undefined, other, 2).then(end('of another')),
        ]),
      ),
    ])
    expect(ended).toEqual(['of another', 'slow', 'behind it'])
  })

  it('outlive a renewal, which gives the same session a new key [303-309, 679-688]', async () => {
    const ticket = await logIn()
    await post('buildImageOz', order, scratch, ticket, 5)
    hub.expire(1)
    expect(said(await post('getAPIVersion', [], undefined, ticket, 6))).toBe('1007 session "1" has expired')
    const renewed = said(
      await post('login', ['imagedrop', 'dummy-password'], { renew: true }, ticket, 7),
    ) as unknown as Ticket
    expect(renewed['session-id']).toBe(1)
    expect(said(await post('getAPIVersion', [], undefined, ticket, 8))).toBe('1002 Invalid session or bad credentials')
    expect(said(await post('getAPIVersion', [], undefined, renewed, 0))).toBe('1008 5 > 0 (session 1)')
    expect(said(await post('getAPIVersion', [], undefined, renewed, 6))).toBe(1)
  })
})

describe('sessions', () => {
  it('end after a day, however busy they are [310, 311]', async () => {
    let now = Date.now()
    await using slow = await startHub({ now: () => new Date(now) })
    await hub[Symbol.asyncDispose]()
    hub = slow
    const ticket = await logIn()
    for (let hour = 0; hour < 24; hour++) {
      now += 59 * 60_000
      expect(said(await post('getAPIVersion', [], undefined, ticket))).toBe(1)
    }
    now += 60 * 60_000
    expect(said(await post('getAPIVersion', [], undefined, ticket))).toMatch(/^1007/)
    hub = await startHub()
  })

  it('are gone with a logout, and so are those below them; those below one that expired are not [312, 313]', async () => {
    const master = await logIn()
    const sub = said(await post('subsession', [], undefined, master, 1)) as unknown as Ticket
    const other = said(await post('subsession', [], undefined, master, 2)) as unknown as Ticket
    const world = hub.world.sessions.get(1)
    if (world) world.expired = true
    expect(said(await post('getAPIVersion', [], undefined, sub))).toBe(1)
    if (world) world.expired = false
    await post('logout', [], undefined, master, 3)
    expect(said(await post('getAPIVersion', [], undefined, other))).toMatch(/^1002/)
  })

  it('of one user are shut out while another of his is exclusive, save for logging in [392-396]', async () => {
    const [one, two] = [await logIn(), await logIn()]
    await post('exclusiveSession', [], undefined, one, 1)
    expect(said(await post('getAPIVersion', [], undefined, two))).toBe('1006 User locked by another session')
    expect(await logIn()).toMatchObject({ 'session-id': 3 })
    await post('sharedSession', [], undefined, one, 2)
    expect(said(await post('getAPIVersion', [], undefined, two))).toBe(1)
  })

  it('are read out of any query string, if there are no headers [367, 368, 444]', async () => {
    const call = encodeCall('getAPIVersion', [])
    const ask = async (query: string) => {
      const answer = await send(`${hub.url}?${query}`, call, {
        method: 'POST',
        headers: { 'Content-Type': 'text/xml' },
      })
      return 'lost' in answer ? '' : said(decodeMessage(answer.body))
    }
    expect(await ask('junk')).toBe("1 <class 'ValueError'>: bad query field: 'junk'")
    expect(await ask('a=b')).toBe("1002 'session-id' not specified in session args")
    hub.world.options.disableUrlSessions = true
    expect(await ask('a=b')).toBe(1)
  })

  it('need a certificate that was asked for below /ssllogin [383, 388]', async () => {
    expect(said(await post('sslLogin', [], { proxyuser: null }))).toBe('1002 could not verify client: None')
  })
})

describe('orders', () => {
  it('are refused for their types, their arguments and the permission, in this order [40, 42, 44, 45, 46, 197, 204]', async () => {
    const [ticket, nobody] = [await logIn(), await logIn('nopriv')]
    const ask = async (args: readonly Value[], keywords: Struct = scratch, who = ticket) =>
      said(await post('buildImageOz', args, keywords, who))
    expect(await ask(['Fedora', 43, [], 'f43', 'x'], scratch, nobody)).toBe(
      "1019 Invalid type for value '43': <class 'int'>, expected type <class 'str'>",
    )
    expect(await ask([null, '43', [], 'f43', 'x'])).toBe("1019 Invalid type, expected type <class 'str'>")
    expect(await ask(order, scratch, nobody)).toBe('1004 image permission required (logged in as nopriv)')
    expect(await ask(['Fedora', '43'], {})).toBe(
      "1019 RootExports.buildImageOz() missing 3 required positional arguments: 'arches', 'target', and 'inst_tree'",
    )
    expect(await ask(order, { nonsense: 1 })).toBe(
      "1019 RootExports.buildImageOz() got an unexpected keyword argument 'nonsense'",
    )
    expect(await ask(order, { name: 'x' })).toBe(
      "1019 RootExports.buildImageOz() got multiple values for argument 'name'",
    )
    expect(await ask([...order, null, null, null])).toMatch(
      /^1019 .*takes from 6 to 8 positional arguments but 9 were given/,
    )
    expect(await ask(order, { priority: -1 })).toBe('1004 only admins may create high-priority tasks')
    expect(await ask(order, { priority: '5' })).toBe(
      "1 <class 'TypeError'>: '<' not supported between instances of 'str' and 'int'",
    )
    expect(said(await post('buildImageOz', order, scratch))).toBe('1004 image permission required (user not logged in)')
  })

  it('are let through though they must fail, and do fail at the builder [41, 43, 135-146, 198, 206]', async () => {
    const ticket = await logIn()
    const fails = async (args: readonly Value[], keywords: Struct) => {
      const id = said(await post('buildImageOz', args, keywords, ticket)) as number
      hub.builder.build(id)
      return said(await post('getTaskResult', [id]))
    }
    const kept = { opts: { distro: 'Fedora-43', release: '1' } }
    expect(await fails(['F', '43-1', ['x86_64'], 'f43', 'x'], scratch)).toBe('1018 The Version may not have a hyphen')
    expect(await fails(['F', '43', ['x86_64'], 'nope', 'x'], scratch)).toBe('1000 No such build target: nope')
    expect(await fails(['F', '43', ['s390x'], 'f43', 'x'], scratch)).toBe('1005 Invalid arch for build tag: s390x')
    expect(await fails(['Nobody', '43', ['x86_64'], 'f43', 'x'], kept)).toBe(
      '1005 package (image) Nobody not in list for tag f43-updates-candidate',
    )
    expect(await fails(['Fedora-Cloud-Base', '43', ['x86_64'], 'f43', 'x'], kept)).toMatch(/^image build results in: /)
    expect(await fails(['Fedora-Cloud-Base', '43', ['x86_64'], 'f43', 'x'], kept)).toMatch(
      /^1000 Build already exists \(id=1, state=COMPLETE\)/,
    )
    // These two only the child looks at (code: kojid, BaseImageTask).
    expect(await fails(['F', '43', ['x86_64'], 'f43', 'x'], { opts: { ...scratch.opts, format: ['vhd-gz'] } })).toBe(
      '1018 Invalid format: vhd-gz',
    )
    expect(await fails(['F', '43', ['x86_64'], 'f43', 'x'], { opts: { scratch: true, distro: 'Debian-12' } })).toMatch(
      /^1005 Unknown or supported distro/,
    )
  })

  it('of the plugins are held to their schemas and their own checks [52-57, 258-264, 270, 279, 280]', async () => {
    const ticket = await logIn()
    const ask = async (method: string, args: readonly Value[], keywords?: Struct) =>
      said(await post(method, args, keywords, ticket))
    const osbuild = ['F', '43', 'fedora-43', ['qcow2'], 'f43', ['x86_64']] as const
    expect(await ask('osbuildImage', osbuild, { opts: { scratch: true } })).toBe(
      "1019 Additional properties are not allowed ('scratch' was unexpected)",
    )
    expect(await ask('osbuildImage', osbuild)).toBe("1019 None is not of type 'object'")
    expect(await ask('osbuildImage', ['F', '43', 'f', 'q', 'f43', []], { opts: {} })).toBe('1019 [] is too short')
    expect(await ask('imageBuilderBuild', ['f43', ['x86_64'], ['a', 'b'], 'F', '43'])).toBe(
      "1019 ['a', 'b'] is too long",
    )
    expect(await ask('imageBuilderBuild', ['f43', ['x86_64'], ['a'], 'F', '43'], { opts: { seed: '42' } })).toBe(
      "1019 '42' is not of type 'integer'",
    )
    expect(await ask('imageBuilderBuild', ['nope', ['x86_64'], ['a'], 'F', '43'])).toBe(1)
    expect(await ask('kiwiBuild', ['nope', ['x86_64'], 'u', 'p'])).toBe('1000 No such build target: nope')
    expect(await ask('kiwiBuild', ['f43', ['x86_64;rm'], 'u', 'p'])).toBe('1000 Architecture can be only [a-zA-Z0-9_-]')
    expect(await ask('kiwiBuild', ['f43', null, 'u', 'p'])).toBe(
      "1 <class 'AttributeError'>: 'NoneType' object has no attribute 'split'",
    )
    expect(await ask('kiwiBuild', ['f43', ['x86_64'], 'u', 'p'], { opts: {} })).toBe(
      "1019 kiwiBuild() got an unexpected keyword argument 'opts'",
    )
  })
})

describe('tasks', () => {
  it('are cancelled by their owner, with all below them at one instant; what is over stays as it is [162-180]', async () => {
    const [ticket, other] = [await logIn(), await logIn('nopriv')]
    await post('buildImageOz', ['F', '43', ['x86_64', 'aarch64'], 'f43', 'x'], scratch, ticket, 1)
    hub.builder.start(1)
    expect(said(await post('cancelTask', [1], undefined, other))).toBe('1004 Cannot cancel task, not owner')
    expect(said(await post('cancelTask', [99], undefined, ticket))).toBe('1000 No such task: 99')
    expect(said(await post('cancelTask', [1], undefined, ticket, 2))).toBeNull()
    const ends = [1, 2, 3].map((id) => hub.world.tasks.get(id)?.completedAt?.getTime())
    expect(new Set(ends).size).toBe(1)
    expect(said(await post('getTaskResult', [1], { raise_fault: false }))).toBe('1000 Task 1 is canceled')
    expect(() => {
      hub.builder.close(1, 'x')
    }).toThrow(/state 3/)
  })

  it('have no result before they are over, and then the fault of their builder [12, 139, 140]', async () => {
    await post('buildImageOz', order, scratch, await logIn(), 1)
    expect(said(await post('getTaskResult', [1]))).toBe('1000 Task 1 is not finished')
    hub.builder.begin(1)
    hub.builder.fail(1, 1018, 'no')
    expect(said(await post('getTaskResult', [1]))).toBe('1018 no')
    expect(said(await post('getTaskResult', [1], { raise_fault: false }))).toEqual({
      faultCode: 1018,
      faultString: 'no',
    })
  })

  it('are taken through their states by builders in no other way than kojid does [216-226]', async () => {
    await post('buildImageOz', order, scratch, await logIn(), 1)
    const { builder } = hub
    expect(() => {
      builder.open(1)
    }).toThrow(/state 0, not 4/)
    builder.assign(1)
    builder.refuse(1)
    builder.begin(1)
    const began = hub.world.tasks.get(1)?.startedAt
    builder.free(1)
    expect(hub.world.tasks.get(1)).toMatchObject({ state: 0, hostId: null, startedAt: began })
  })

  it('leave links when their files are cleaned away, over which the hub stumbles [401-406]', async () => {
    await post('buildImageOz', order, scratch, await logIn(), 1)
    hub.builder.build(1)
    hub.collectGarbage(2, 'scratch')
    expect((said(await post('listTaskOutput', [2])) as readonly string[]).length).toBeGreaterThan(3)
    expect(said(await post('listTaskOutput', [2], { stat: true }))).toMatch(/^1 <class 'FileNotFoundError'>/)
    const gone = await fetch(`${hub.files}/work/tasks/2/2/Fedora-43-1.x86_64.raw`)
    expect(gone.status).toBe(403)
    hub.collectGarbage(2, 'all')
    expect(said(await post('listTaskOutput', [2]))).toEqual([])
  })
})

describe('HTTP', () => {
  it('refuses what is no call with 400 or 405, and offline with 200 and a fault [73, 74, 358-364, 438-440]', async () => {
    const headers = { 'Content-Type': 'text/xml' }
    const status = async (method: string, body: string) => {
      const answer = await send(hub.url, body, { method, headers })
      return 'lost' in answer ? 0 : answer.status
    }
    expect(await status('GET', '')).toBe(405)
    expect(await status('PUT', 'x')).toBe(405)
    expect(await status('POST', '')).toBe(400)
    expect(await status('POST', 'this is not xml')).toBe(400)
    expect(await status('POST', encodeCall('echo', ['x'.repeat(4 * 1024 * 1024)]))).toBe(400)
    hub.world.options.offline = 'server is offline'
    expect(said(await post('getAPIVersion', []))).toBe('1014 server is offline')
    expect(await status('GET', '')).toBe(405)
  })
})
