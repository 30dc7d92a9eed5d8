import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import type { Envelope } from '#events/envelope.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { runServices } from '#service/run.ts'
import { assembleAnnouncer } from './assemble.ts'
import { openMailServer } from './channels/mail/testing/mail-server.ts'
import { openSilentServer } from './channels/mail/testing/silent-server.ts'
import { debianDrop } from './testing/drops.ts'
import { dropFailing, imageFailing, published, ready } from './testing/news.ts'
import { ownChannels } from './testing/open-announcer.ts'
import { writeSettings } from './testing/settings-folder.ts'

/** An announcer at work on a ledger of its own. */
async function setUp(env: Readonly<Record<string, string>>, roots: readonly string[] = [ownChannels]) {
  const stateFolder = await mkdtemp(join(tmpdir(), 'announcer-runs-'))
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  const { service } = await assembleAnnouncer({ stateFolder, env, artifacts }, { roots, titles: new Map() })
  const bus = createMemoryBus()
  const ledger = await openSqliteLedger(stateFolder)
  const shop = { ledger, bus, owner: 'test', stateFolder, now: () => new Date(), log: pino({ level: 'silent' }) }
  const running = await runServices([{ service }], shop)
  return {
    publish: (body: DropPublished) => bus.publish([published(body)]),
    say: (event: Envelope) => bus.publish([event]),
    page: () => readFile(join(stateFolder, 'announcements/index.html'), 'utf8').catch(() => ''),
    said: async (subject: string) => (await ledger.events({ subject })).map(({ envelope }) => envelope.body),
    states: async () => (await ledger.jobs({ service: 'announcer' })).map(({ state }) => state),
    retry: (drop: string) => ledger.replay(drop, new Date()),
    async [Symbol.asyncDispose]() {
      await running.stop(0)
      await ledger[Symbol.asyncDispose]()
      await rm(stateFolder, { recursive: true })
    },
  }
}

const mailedBy = (url: string) => ({
  IMAGEDROP_ANNOUNCER_SMTP_URL: url,
  IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within 10 s: ${String(condition)}`)
    await sleep(10)
  }
}

it('a mail server that says nothing keeps no drop from the page, the one after it neither', async () => {
  await using server = await openSilentServer(() => null)
  await using at = await setUp(mailedBy(server.url))
  for (const day of ['20260711', '20260712', '20260713']) {
    await at.publish(debianDrop(day))
    await until(async () => (await at.page()).includes(`Debian 12 cloud images ${day}`))
  }
  expect(await at.states()).toEqual(['running', 'running', 'running'])
  expect(await at.said('drop.announced.v1')).toEqual([])
})

it('an IRC server that says nothing keeps no drop from the page, and is left when the process stops', async () => {
  await using server = await openSilentServer(() => null)
  const networks = { silent: { server: server.url.replace('smtp:', 'irc:'), channels: { '#cloud': {} } } }
  await using settings = await writeSettings({ networks })
  await using at = await setUp({ IMAGEDROP_ANNOUNCER_IRC_FILE: settings.file })
  for (const day of ['20260711', '20260712']) {
    await at.publish(debianDrop(day))
    await until(async () => (await at.page()).includes(`Debian 12 cloud images ${day}`))
  }
  expect(await at.states()).toEqual(['running', 'running'])
})

it('a drop is announced, once, when the last channel has told', async () => {
  await using server = await openMailServer({ afterData: [{ code: 451 }, 'accept'] })
  await using at = await setUp(mailedBy(server.url))
  await at.publish(debianDrop())
  await until(async () => (await at.states()).includes('done'))
  const announced = await at.said('drop.announced.v1')
  expect(announced).toHaveLength(1)
  expect(announced[0]).toMatchObject({
    told: [{ channel: 'feed' }, { channel: 'file' }, { channel: 'page' }, { channel: 'mail' }],
  })
  expect(server.heard).toHaveLength(2)
})

it('a channel that refuses is told of by its name, and a retry asks it again and tells nobody twice', async () => {
  const answers: ('accept' | { code: number })[] = [{ code: 550 }, 'accept']
  await using server = await openMailServer({ afterData: answers })
  await using at = await setUp(mailedBy(server.url))
  const body = debianDrop()
  await at.publish(body)
  await until(async () => (await at.states()).includes('quarantined'))
  expect(await at.said('drop.failed.v1')).toMatchObject([
    { drop: body.drop, failure: { step: 'announcer', class: 'refused', reason: expect.stringMatching(/^mail: /) } },
  ])
  expect(await at.page()).toContain('Debian 12 cloud images 20260711')
  await at.retry(body.drop)
  await until(async () => (await at.said('drop.announced.v1')).length > 0)
  expect(await at.said('drop.announced.v1')).toHaveLength(1)
  expect(server.heard).toHaveLength(2)
  expect((await at.page()).match(/<section class="release"/g)).toHaveLength(1)
})

it('a channel that cannot tell of a failure makes none of it, and keeps the drop from nobody', async () => {
  const madeUp = join(import.meta.dirname, 'testing', 'channels')
  // The bulletin is a folder, which no line can be written into.
  const env = { IMAGEDROP_ANNOUNCER_BULLETIN_FILE: import.meta.dirname }
  await using at = await setUp(env, [ownChannels, madeUp])
  const body = debianDrop()
  for (const event of [imageFailing(body, 'no room'), dropFailing(body, 'no room'), ready(body)]) await at.say(event)
  await until(async () => (await at.states()).filter((state) => state === 'quarantined').length === 3)
  expect(await at.said('drop.failed.v1')).toEqual([])
  await at.publish(body)
  await until(async () => (await at.page()).includes('Debian 12 cloud images 20260711'))
  await until(async () => (await at.states()).filter((state) => state === 'quarantined').length >= 4)
  expect(await at.said('drop.failed.v1')).toMatchObject([{ failure: { reason: expect.stringMatching(/^bulletin: /) } }])
  await until(async () => (await at.states()).length === 5)
  await until(async () => (await at.states()).every((state) => state === 'quarantined'))
  expect(await at.said('drop.failed.v1')).toHaveLength(1)
})
