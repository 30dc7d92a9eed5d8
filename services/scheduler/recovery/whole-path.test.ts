import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import type { Said } from '#events/define.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { runServices } from '#service/run.ts'
import { house } from '#test/support/house.ts'
import { nightly } from '../compose/testing/example-messages.ts'
import { assemble } from '../main.ts'
import { startArchive } from './testing/archive-server.ts'
import { startComposes } from './testing/compose-server.ts'

const topic = 'org.fedoraproject.prod.pungi.compose.status.change'
const now = () => new Date('2026-07-14T12:00:00Z')
const id = 'Fedora-43-20260714.n.0'

async function prepare() {
  const stateFolder = await mkdtemp(join(tmpdir(), 'recovery-'))
  const archive = await startArchive()
  const composes = await startComposes()
  const shipped = await readFile(join(import.meta.dirname, '../../../deploy/drops.yaml'), 'utf8')
  const policy = shipped.replace('  folders: []', `  folders: ['${composes.root}/compose']`)
  await writeFile(join(stateFolder, 'drops.yaml'), policy)
  const env = {
    IMAGEDROP_SCHEDULER_POLICY: join(stateFolder, 'drops.yaml'),
    IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: `${composes.root}/compose`,
    IMAGEDROP_SCHEDULER_ARCHIVE_URL: archive.url,
  }
  async function start() {
    const lines: { msg: string }[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as { msg: string }) })
    const ledger = await openSqliteLedger(join(stateFolder, 'ledger'))
    const bus = createMemoryBus()
    const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
    const assembled = await assemble({ ...house, stateFolder, artifacts, log, now, env })
    const running = await runServices([assembled], { ledger, bus, owner: 'test/1/1', stateFolder, now, log })
    return {
      ...running,
      found: () => lines.filter((line) => line.msg === 'received' && 'seed' in line).length,
      composesHeard: async () =>
        (await ledger.jobs({ service: 'scheduler' })).filter(({ envelope }) => topic.endsWith(envelope.subject)).length,
      handIn: (message: Said) => running.voiceOf('scheduler').takeIn(message, { sender: 'api' }),
      drops: async () => (await ledger.events({ subject: 'drop.scheduled.v1' })).map(({ envelope }) => envelope.drop),
      async quiet() {
        // Work may pass from one to the other between two questions, but not each time.
        let looks = 0
        const quietLooks = async () => {
          const live = await ledger.jobs({ states: ['queued', 'running'] })
          const isQuiet = (await ledger.backlog(new Date())).outbox + live.length === 0
          looks = isQuiet ? looks + 1 : 0
          return looks
        }
        await expect.poll(quietLooks, { timeout: 20_000 }).toBe(3)
      },
      async [Symbol.asyncDispose]() {
        await running.stop(1_000)
        await bus[Symbol.asyncDispose]()
        await ledger[Symbol.asyncDispose]()
      },
    }
  }
  return {
    archive,
    composes,
    start,
    env,
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]()
      await composes[Symbol.asyncDispose]()
      await rm(stateFolder, { recursive: true, force: true })
    },
  }
}

it('a compose that was missed on the bus becomes one drop, though both sources and later the bus name it', async () => {
  await using scene = await prepare()
  const location = `${scene.composes.root}/compose/${id}/compose`
  const body = { ...nightly('43', '20260714'), location }
  scene.composes.put(`/compose/${id}`, id, 'FINISHED')
  const headers = { 'sent-at': '2026-07-14T11:00:00+00:00' }
  scene.archive.messages.push({
    topic,
    at: Date.parse(headers['sent-at']) / 1000,
    envelope: { topic, body, headers, id: randomUUID() },
  })
  for (const _ of ['the first start', 'another, which finds both again']) {
    await using stack = await scene.start()
    await expect.poll(stack.found, { timeout: 20_000 }).toBe(2)
    await expect.poll(stack.composesHeard, { timeout: 20_000 }).toBe(2)
    await stack.quiet()
    expect(await stack.drops()).toEqual([`weekly-${id}`])
  }
  await using stack = await scene.start()
  await stack.handIn({ subject: 'pungi.compose.status.change', body })
  expect(await stack.composesHeard()).toBe(3)
  await stack.quiet()
  expect(await stack.drops()).toEqual([`weekly-${id}`])
})

it('a source that fails holds up neither the other nor the bus', async () => {
  await using scene = await prepare()
  scene.archive.troubles.push((response) => void response.writeHead(503).end())
  scene.composes.put(`/compose/${id}`, id, 'FINISHED')
  await using stack = await scene.start()
  await expect.poll(stack.drops, { timeout: 20_000 }).toEqual([`weekly-${id}`])
  const location = `${scene.composes.root}/compose/Fedora-Rawhide-20260714.n.0/compose`
  await stack.handIn({ subject: 'pungi.compose.status.change', body: { ...nightly('Rawhide', '20260714'), location } })
  await expect.poll(stack.drops, { timeout: 20_000 }).toHaveLength(2)
})

it('a place where no compose may lie stops the start with its name', async () => {
  await using scene = await prepare()
  Reflect.deleteProperty(scene.env, 'IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS')
  await expect(scene.start()).rejects.toThrow('recovery.folders.0: it is not under an allowed location')
})
