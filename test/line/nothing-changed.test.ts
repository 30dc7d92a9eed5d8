import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { seal } from '#events/envelope.ts'
import { retryRequested } from '#events/operator.ts'
import { say } from '#events/define.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from '#service/bind.ts'
import { runServices } from '#service/run.ts'
import { house } from '#test/support/house.ts'
import { createPaperEngine } from '../../services/builder/inputs/testing/paper-engine.ts'
import { startSmallArchive, type SmallArchive } from '../../services/builder/inputs/testing/small-archive.ts'
import { recipesFolder } from '../../services/builder/read-recipe.ts'
import { builder } from '../../services/builder/service.ts'
import { nullAssemble } from '../bench/null-services.ts'

const patience = { timeout: 30_000 }
const main = { dash: { Essential: 'yes' }, 'cloud-init': { Depends: 'python3' }, python3: {}, chromium: {} }

let folder: string
let archive: SmallArchive
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-nights-'))
  archive = await startSmallArchive()
  await archive.publish('bookworm', main)
  const shipped = await readFile(join(import.meta.dirname, '../../deploy/drops.yaml'), 'utf8')
  const everyNight = shipped.replaceAll(/weekly: true\n(\s*)nightly: false/g, 'weekly: false\n$1nightly: true')
  await writeFile(
    join(folder, 'drops.yaml'),
    everyNight.replace('nightly: build', 'nightly: skip').replace('[x86_64, i686]', '[x86_64]'),
  )
})
afterAll(async () => {
  await archive[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** The real scheduler and builder, on a ledger that stays; the other services do nothing and say that it is done. */
async function start() {
  const log = pino({ level: 'silent' })
  const now = () => new Date()
  const ledger = await openSqliteLedger(join(folder, 'ledger'))
  const bus = createMemoryBus()
  const artifacts = await createFolderStore(join(folder, 'artifacts'))
  const env = {
    IMAGEDROP_SCHEDULER_POLICY: join(folder, 'drops.yaml'),
    IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: folder,
  }
  const paper = createPaperEngine({ version: () => '1' })
  const dependencies = {
    engines: new Map([[paper.id, paper]]),
    onlyEngine: paper.id,
    artifacts,
    cacheFolder: join(folder, 'cache'),
    recipes: [recipesFolder],
    packages: {
      mirror: null,
      hostMirror: () => Promise.resolve({ archive: archive.url, security: archive.url }),
      fetch,
      requireSecurity: false,
    },
  }
  const host = { ...house, stateFolder: folder, artifacts, log, now, env }
  const others = house.names.filter((name) => name !== 'builder')
  const assembled = [
    ...(await Promise.all(others.map((name) => nullAssemble(name)(host)))),
    { service: bindService(builder, dependencies, { concurrency: 2 }) },
  ]
  const running = await runServices(assembled, { ledger, bus, owner: 'test/1/1', stateFolder: folder, now, log })
  const said = async (drop: string) =>
    (await ledger.events({ drop })).map(({ envelope }) => envelope.subject.replace('.v1', ''))
  return {
    ledger,
    said,
    async hears(subject: string, drop: string) {
      await expect.poll(async () => (await said(drop)).includes(subject), patience).toBe(true)
    },
    handIn: (date: string) =>
      running
        .voiceOf('scheduler')
        .takeIn({ subject: 'pungi.compose.status.change', body: messageOf(date) }, { sender: 'api' }),
    async [Symbol.asyncDispose]() {
      await running.stop(0)
      await bus[Symbol.asyncDispose]()
      await ledger[Symbol.asyncDispose]()
    },
  }
}

const messageOf = (date: string) => ({ compose_id: `Debian-12-${date}.n.0`, location: folder, status: 'FINISHED' })
const dropOf = (date: string) => `nightly-Debian-12-${date}.n.0`

it('nights on which nothing happened have no drop of their own, whatever dies between; the first that differs has', async () => {
  const [first, second, third] = [dropOf('20260701'), dropOf('20260702'), dropOf('20260703')]
  {
    await using line = await start()
    await line.handIn('20260701')
    await line.hears('drop.announced', first)
    expect(await line.said(first)).not.toContain('drop.comparison.requested')
    archive.answerWith(503)
    await line.handIn('20260702')
    await line.handIn('20260702')
    await line.hears('drop.comparison.requested', second)
    await expect
      .poll(async () => (await line.ledger.jobs({ drop: second, service: 'builder' }))[0]?.error, patience)
      .toMatch(/503/)
  }
  archive.answerWith(null)
  await archive.publish('bookworm', { ...main, chromium: { Version: '2' } })
  await using line = await start()
  await line.hears('drop.unchanged', second)
  expect(await line.said(second)).toEqual([
    'drop.scheduled',
    'drop.comparison.requested',
    'drop.compared',
    'drop.unchanged',
  ])

  await archive.publish('bookworm-security', { python3: { Version: '2' } })
  await line.handIn('20260703')
  await line.hears('drop.announced', third)
  const compared = (await line.ledger.events({ drop: third, subject: 'drop.compared.v1' }))[0]?.envelope.body
  expect(compared).toMatchObject({ since: first, changes: { length: 2 } })

  await line.ledger.say(seal(say(retryRequested, { drop: second, by: 'jane' }), { now: new Date() }), new Date())
  await line.hears('drop.announced', second)
}, 120_000)
