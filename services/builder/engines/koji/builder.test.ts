import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from '#service/bind.ts'
import { runServices } from '#service/run.ts'
import { speaker } from '#service/testing/speaker.ts'
import { startHub } from '#test/fakes/koji/hub.ts'
import { house } from '#test/support/house.ts'
import { assemble } from '../../main.ts'
import { packageList } from '../installer/testing/disk.ts'
import { tool as livemedia } from '../livemedia/testing/tool.ts'
import { installTool } from '../testing/scripted-tool.ts'
import { provideDisks } from './testing/disks.ts'

const isRoot = process.getuid?.() === 0
const patient = { timeout: 20_000, interval: 20 }

/** The builder as it is put together for a process, at work beside a fake hub. */
async function startBuilder(env: Readonly<Record<string, string>> = {}) {
  const stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-builder-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const hub = stack.use(await startHub())
  const bus = createMemoryBus()
  const ledger = stack.use(await openSqliteLedger(folder))
  const artifacts = await createFolderStore(join(folder, 'artifacts'))
  const log = pino({ level: 'silent' })
  const now = () => new Date()
  const settings = {
    IMAGEDROP_KOJI_HUB: hub.url,
    IMAGEDROP_KOJI_LOGIN: 'password',
    IMAGEDROP_KOJI_USER: 'imagedrop',
    IMAGEDROP_KOJI_PASSWORD: 'dummy-password',
    IMAGEDROP_BUILDER_MIRROR: `${hub.files}/mirror`,
    ...env,
  }
  const builder = await assemble({ ...house, artifacts, env: settings, stateFolder: folder, log, now })
  const runtime = { ledger, bus, owner: 'test', stateFolder: folder, now, log }
  const running = await runServices([builder, { service: bindService(speaker, null) }], runtime)
  stack.defer(() => running.stop(0))
  const { say: speak } = running.voiceOf('scheduler')
  const jobs = () => ledger.jobs({ service: 'builder' })
  return {
    folder,
    hub,
    ledger,
    artifacts,
    async request(engines: readonly string[], count = 1): Promise<void> {
      const { compose, image } = imageRequested.example
      for (let number = 1; number <= count; number++) {
        await speak(
          say(imageRequested, {
            drop: `weekly-Fedora-43-20261121.n.${String(number)}`,
            compose: { ...compose, version: '43', date: '20261121', location: `${hub.files}/compose` },
            image: { ...image, flavour: 'generic', recipe: 'fedora-43', engines: [...engines] },
          }),
        )
      }
    },
    cancel: () => speak(say(dropCancelled, { drop: 'weekly-Fedora-43-20261121.n.1', by: 'somebody' })),
    /** Koji says that a task has changed. */
    async tell(id: number, state: 'OPEN' | 'CLOSED'): Promise<void> {
      await bus.publish([seal(say(kojiTaskChanged, { ...kojiTaskChanged.example, id, new: state }), { now: now() })])
    },
    /** Resolves when the one job waits for this. */
    async waits(reason: string): Promise<void> {
      await expect.poll(async () => (await jobs())[0]?.waiting?.reason, patient).toBe(reason)
    },
    async is(state: string): Promise<void> {
      await expect.poll(async () => (await jobs())[0]?.state, patient).toBe(state)
    },
    async built() {
      const [event] = await ledger.events({ subject: imageBuilt.subject })
      return imageBuilt.schema.parse(event?.envelope.body)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

describe('the builder with a Koji hub', () => {
  it('goes on with an image when Koji says that its task has closed', async () => {
    await using at = await startBuilder()
    await at.request(['koji', 'livemedia'])
    await at.waits('a Koji task')
    const { xz } = await provideDisks()
    at.hub.builder.build(1, { image: () => ({ path: xz }), log: 'what Oz said\n' })
    await at.tell(1, 'CLOSED')
    await at.is('done')
    const { engine, packages, log } = await at.built()
    expect(engine).toEqual({ name: 'koji', version: expect.stringMatching(/^1\./), earlier: [] })
    expect(await readFile(await at.artifacts.open(packages), 'utf8')).toBe(packageList)
    expect(await readFile(await at.artifacts.open(log), 'utf8')).toContain('what Oz said')
  })

  it('cancels the task of a drop that is cancelled', async () => {
    await using at = await startBuilder()
    await at.request(['koji'])
    await at.waits('a Koji task')
    at.hub.builder.start(1)
    await at.cancel()
    await at.is('cancelled')
    expect([...at.hub.world.tasks.values()].map(({ state }) => state)).toEqual([3, 3])
  })

  it('asks nothing of the hub while images wait, and of one that a message wakes what is with that one', async () => {
    await using at = await startBuilder()
    await at.request(['koji'], 12)
    await expect.poll(() => at.ledger.jobs({ states: ['waiting'] }), patient).toHaveLength(12)
    const before = at.hub.heard.length
    await at.tell(5, 'OPEN')
    await at.tell(4711, 'OPEN')
    await expect.poll(() => at.hub.heard.length, patient).toBe(before + 1)
    await expect.poll(() => at.ledger.jobs({ states: ['waiting'] }), patient).toHaveLength(12)
    expect(at.hub.heard.slice(before).map(({ name, body }) => [name, /<int>(\d+)/.exec(body)?.[1]])).toEqual([
      ['getTaskInfo', '5'],
    ])
  })

  it.skipIf(!isRoot)(
    'has livemedia-creator build when the hub goes away in the middle and stays away, and says why',
    { timeout: 60_000 },
    async () => {
      // Two seconds.
      await using at = await startBuilder({ IMAGEDROP_KOJI_AWAY_HOURS: '0.00056' })
      const bin = join(at.folder, 'bin')
      const module = join(import.meta.dirname, '..', 'livemedia', 'testing', 'tool.ts')
      await installTool(bin, livemedia, { module, fault: 'none', hanging: '', diskBytes: 256 * 1024 })
      vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`)
      try {
        await at.request(['koji', 'livemedia'])
        await at.waits('a Koji task')
        at.hub.builder.start(1)
        at.hub.world.options.offline = 'database outage'
        await at.tell(1, 'OPEN')
        await at.is('done')
        expect((await at.built()).engine).toEqual({
          name: 'livemedia',
          version: '43.0-1',
          earlier: [
            {
              name: 'koji',
              class: 'environment',
              reason: 'Koji has not answered for 2 s, and has task 1: ServerOffline: database outage',
            },
          ],
        })
      } finally {
        vi.unstubAllEnvs()
      }
    },
  )
})
