import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { openNatsBus } from '#bus/nats/nats-bus.ts'
import { say, type Said } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { house } from '#test/support/house.ts'
import { relay } from '../../services/boot-tester/machines/qemu/cloud-network/relay.ts'
import { provideNats } from '../brokers/nats.ts'
import { providePostgres } from '../brokers/postgres.ts'
import { followed, long, needsOfFlavours, type Note } from './needy-work.ts'
import { canMakeHosts, createNetworkHost, type NetworkHost } from './network-host.ts'

const program = join(import.meta.dirname, 'needy-worker.ts')
const log = pino({ level: 'fatal' })
const services = ['builder', 'boot-tester']
/** The services of each process of a host. */
const processes = { roomy: [['builder'], ['boot-tester']], quick: [services] }
const hosts = {
  roomy: { CORES: '3', MEMORY_MIB: '4000', KVM: 'no', ROOT: 'no' },
  quick: { CORES: '2', MEMORY_MIB: '1500', KVM: 'yes', ROOT: 'no' },
}
const flavours = ['plain', 'large', 'guest'] as const
const ofEach = 5
/** Of images whose boot test follows their build. */
const ofEachRound = 4
const rounds = 3

it.skipIf(!process.env['CI'] && !(await canMakeHosts()))(
  'two hosts share one ledger: jobs run where they fit, no host does more than it has room for, what is built is tested there, and milestones preempt',
  async () => {
    await using used = new AsyncDisposableStack()
    const root = await mkdtemp(join(tmpdir(), 'imagedrop-hosts-'))
    used.defer(() => rm(root, { recursive: true, force: true }))
    const [postgres, nats] = await Promise.all([providePostgres(), provideNats()])
    used.use(postgres)
    used.use(nats)
    const url = await postgres.createDatabase()
    await migratePostgres({ url, log })
    const ledger = used.use(await openPostgresLedger({ url, log }))
    const bus = used.use(await openNatsBus({ servers: [nats.url], log }))
    await bus.prepare((await house.interests()).filter(({ service }) => services.includes(service)))
    const notes = join(root, 'notes')
    const sockets = { LEDGER_SOCKET: join(root, 'ledger'), BUS_SOCKET: join(root, 'bus') }
    for (const [path, server] of [
      [sockets.LEDGER_SOCKET, url],
      [sockets.BUS_SOCKET, nats.url],
    ] as const) {
      const { port } = new URL(server)
      const listening = await relay({ path }, { port: Number(port), host: '127.0.0.1' })
      used.defer(() => void listening.close())
    }
    const env = {
      ...sockets,
      NOTES: notes,
      IMAGEDROP_STATE: root,
      IMAGEDROP_LEDGER_URL: url,
      IMAGEDROP_BUS_URL: nats.url,
    }
    const starting = (['roomy', 'quick'] as const).map(async (name) => {
      const host = used.use(await createNetworkHost(name))
      const of = Object.fromEntries(Object.entries(hosts[name]).map(([key, value]) => [`IMAGEDROP_HOST_${key}`, value]))
      await Promise.all(processes[name].map(async (run) => used.use(await startWorker(host, run, { ...env, ...of }))))
    })
    await Promise.all(starting)

    await bus.publish(allWork().map((event) => seal(event, { now: new Date() })))
    const done = services.length * flavours.length * ofEach
    const states = async () => Object.groupBy(await ledger.jobs({}), ({ state }) => state)
    await expect.poll(async () => (await states()).done?.length, { timeout: 60_000, interval: 200 }).toBe(done)

    expect((await states()).queued?.map(({ envelope }) => envelope.subject)).toEqual(['image.requested.v1'])
    expect(await ledger.unfit(new Date())).toMatchObject([
      { service: 'builder', reason: 'no worker has root', count: 1 },
    ])
    const all = await readNotes(notes)
    const placesOf = (flavour: string) => [
      ...new Set(all.filter((one) => one.flavour === flavour).map((one) => one.host)),
    ]
    expect(placesOf('guest')).toEqual(['quick'])
    expect(placesOf('large')).toEqual(['roomy'])
    for (const [name, has] of Object.entries(hosts)) {
      const most = mostAtOnce(all.filter(({ host }) => host === name))
      expect(most.cores, name).toBeLessThanOrEqual(Number(has.CORES))
      expect(most.memory, name).toBeLessThanOrEqual(Number(has.MEMORY_MIB))
      // Else nothing was shared.
      expect(most.jobs, name).toBeGreaterThan(1)
    }
    const ran = await ledger.jobs({ states: ['done'] })
    expect(new Set(ran.map(({ owner, host }) => `${host ?? ''} ${owner?.split('/')[0] ?? ''}`))).toEqual(
      new Set(['roomy roomy', 'quick quick']),
    )

    // So few that both hosts always have room for all.
    const few = Array.from({ length: ofEachRound }, () => requestOf(followed))
    for (let round = 0; round < rounds; round += 1) {
      await bus.publish(few.map((event) => seal(event, { now: new Date() })))
      const tests = async () => (await chainsOf(ledger)).filter(({ testedOn }) => testedOn !== null)
      await expect
        .poll(async () => (await tests()).length, { timeout: 60_000, interval: 200 })
        .toBe((round + 1) * ofEachRound)
    }
    // A host that is so busy that it does not look for five seconds is not waited for; by chance it would be half of them.
    const atHome = (await chainsOf(ledger)).filter(({ builtOn, testedOn }) => testedOn === builtOn)
    expect(atHome.length).toBeGreaterThanOrEqual(rounds * ofEachRound - 2)

    // As many as both hosts have processors.
    const notesOf = async (what: Note['what'], flavour: string) =>
      (await readNotes(notes)).filter((one) => one.what === what && one.flavour === flavour).length
    const nightly = { drop: 'nightly-Fedora-44-20260102.n.0', preemptible: true }
    const running = Array.from({ length: 5 }, () => requestOf(long, nightly))
    await bus.publish(running.map((event) => seal(event, { now: new Date() })))
    await expect.poll(() => notesOf('begins', long), { timeout: 60_000, interval: 200 }).toBe(5)
    const before = await notesOf('ends', 'plain')
    const milestone = { drop: 'milestone-Fedora-44-20260102.0' }
    await bus.publish([seal(requestOf('plain', milestone), { now: new Date() })])
    await expect.poll(() => notesOf('ends', 'plain'), { timeout: 60_000, interval: 200 }).toBe(before + 1)
    const nights = await ledger.jobs({ drop: nightly.drop })
    const preempted = nights.filter(({ error }) => error !== null)
    const error = `preempted by the builder of plain.x86_64 of ${milestone.drop}`
    expect(preempted).toMatchObject([{ error }])
    for (const { id, attempts } of nights) expect(attempts, String(id)).toBeLessThanOrEqual(1)

    // It begins again when the milestone has ended, and finds nothing of what it had half made.
    const made = () => nights.filter(({ id }) => existsSync(join(root, 'work', 'builder', String(id), 'half-made')))
    await expect.poll(() => notesOf('begins', long), { timeout: 60_000, interval: 200 }).toBe(6)
    await expect.poll(() => made().length, { timeout: 60_000, interval: 200 }).toBe(5)
    expect(await notesOf('ends', long)).toBe(1)
    expect((await ledger.jobs({ drop: nightly.drop })).map(({ state }) => state)).toEqual(nights.map(() => 'running'))
  },
  120_000,
)

function allWork(): Said[] {
  const built = (flavour: string) => say(imageBuilt, { ...imageBuilt.example, image: imageOf(flavour) })
  const many = Array.from({ length: ofEach }, () => flavours.flatMap((one) => [requestOf(one), built(one)]))
  return [...many.flat(), requestOf('nowhere')]
}

interface OfDrop {
  readonly drop?: string
  readonly preemptible?: boolean
}

function requestOf(flavour: string, { drop = imageRequested.example.drop, preemptible = false }: OfDrop = {}): Said {
  return say(imageRequested, { ...imageRequested.example, drop, image: { ...imageOf(flavour), preemptible } })
}

async function readNotes(file: string): Promise<Note[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Note)
}

function imageOf(flavour: string) {
  return { ...imageRequested.example.image, flavour }
}

/** Where images were built and tested; null where that has not ended. */
async function chainsOf(ledger: Ledger): Promise<{ builtOn: string | null; testedOn: string | null }[]> {
  const all = (await ledger.jobs({ states: ['done'] })).filter(({ image }) => image?.startsWith(`${followed}.`))
  const builds = all.filter(({ service }) => service === 'builder')
  return builds.map(({ envelope, host }) => {
    const test = all.find((one) => one.envelope.causation === envelope.id)
    return { builtOn: host, testedOn: test?.host ?? null }
  })
}

/** What jobs held together at the moment at which that was most. */
function mostAtOnce(notes: readonly Note[]): { cores: number; memory: number; jobs: number } {
  const most = { cores: 0, memory: 0, jobs: 0 }
  const now = { ...most }
  for (const { what, flavour } of notes.toSorted((one, other) => one.at - other.at)) {
    const { cores = 0, memoryMib = 0 } = needsOfFlavours[flavour] ?? {}
    const sign = what === 'begins' ? 1 : -1
    now.cores += sign * cores
    now.memory += sign * memoryMib
    now.jobs += sign
    for (const key of ['cores', 'memory', 'jobs'] as const) most[key] = Math.max(most[key], now[key])
  }
  return most
}

async function startWorker(
  host: NetworkHost,
  run: readonly string[],
  env: Record<string, string>,
): Promise<AsyncDisposable> {
  const [command, args] = host.within(process.execPath, [program, ...run])
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  await Promise.race([
    once(child.stdout, 'data'),
    gone.then(() => {
      throw new Error(`the ${run.join(', ')} ended before it was ready`)
    }),
  ])
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await gone
    },
  }
}
