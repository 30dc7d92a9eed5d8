import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Said } from '#events/define.ts'
import { house } from '#test/support/house.ts'
import { branchedStarted, nightly, postRelease } from '../compose/testing/example-messages.ts'
import { readPolicy } from '../policy/read-policy.ts'
import { archiveSource, type ArchiveOptions } from './archive.ts'
import { startArchive, type Archived } from './testing/archive-server.ts'

const policy = readPolicy(join(import.meta.dirname, '../../../deploy/drops.yaml'), house)
const topic = 'org.fedoraproject.prod.pungi.compose.status.change'
const noon = new Date('2026-07-14T12:00:00Z')
const seconds = (time: string) => Date.parse(time) / 1000

/** As the archive gives what came over AMQP. */
function ofToday(body: object, time: string, id: string = randomUUID()): Archived {
  const headers = { 'sent-at': time, fedora_messaging_schema: 'base.message', fedora_messaging_severity: 20 }
  return { topic, at: seconds(time), envelope: { topic, body, headers, id, priority: 0, queue: null } }
}

/** As it gives what came over fedmsg. */
function ofFedmsg(body: object, time: string): Archived {
  const msg_id = `2026-${randomUUID()}`
  const at = seconds(time)
  return { topic, at, envelope: { topic, msg: body, msg_id, timestamp: at, i: 1, username: 'root', crypto: 'x509' } }
}

async function prepare(rows?: number) {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'))
  const archive = await startArchive(rows)
  const said: { event: Said; seed: string | undefined }[] = []
  const lines: { msg: string; reason?: string }[] = []
  const clock = { time: noon }
  const open = (more: Partial<ArchiveOptions> = {}) =>
    archiveSource({
      url: archive.url,
      topics: [topic],
      minutes: 15,
      overlap: 60,
      days: 7,
      memory: join(folder, 'archive-seen'),
      deadline: 2_000,
      maxBytes: 100_000,
      now: () => clock.time,
      policy,
      allowed: policy.allowedLocations,
      log: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as { msg: string }) }),
      takeIn(event, { seed }) {
        said.push({ event, seed })
        return Promise.resolve('id')
      },
      ...more,
    })
  return {
    archive,
    folder,
    lines,
    clock,
    said,
    open,
    ids: () => said.map(({ event }) => (event.body as { compose_id: string }).compose_id),
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

const signal = new AbortController().signal

it('all pages are read, in both envelopes, and the newest message is taken in first', async () => {
  await using scene = await prepare(2)
  scene.archive.messages.push(
    ofToday(nightly('43', '20260711'), '2026-07-11T05:00:00+00:00'),
    ofFedmsg(nightly('43', '20260712'), '2026-07-12T05:00:00+00:00'),
    ofToday(branchedStarted, '2026-07-12T06:00:00+00:00'),
    ofToday(nightly('Rawhide', '20260713'), '2026-07-13T05:00:00+00:00'),
    ofFedmsg(nightly('43', '20260714'), '2026-07-14T05:00:00+00:00'),
  )
  await scene.open().look(signal)
  expect(scene.ids()).toEqual([
    'Fedora-43-20260714.n.0',
    'Fedora-Rawhide-20260713.n.0',
    'Fedora-43-20260712.n.0',
    'Fedora-43-20260711.n.0',
  ])
  expect(scene.archive.asked.map((query) => query.get('page'))).toEqual(['1', '2', '3'])
  expect(new Set(scene.archive.asked.map((query) => query.get('end'))).size).toBe(1)
})

it('a message is said with the same seed however often and wherever it is met', async () => {
  await using scene = await prepare()
  const message = ofToday(
    nightly('43', '20260714'),
    '2026-07-14T11:30:00+00:00',
    '16856f57-56f9-4335-ba34-6c62a3b4f13b',
  )
  scene.archive.messages.push(message, message)
  const source = scene.open()
  await source.look(signal)
  await source.look(signal)
  await scene.open().look(signal)
  const seed = 'compose:pungi.compose.status.change:16856f57-56f9-4335-ba34-6c62a3b4f13b'
  expect(new Set(scene.said.map((one) => one.seed))).toEqual(new Set([seed]))
  // Twice by the first look, and by the new process; the second look knows it.
  expect(scene.said).toHaveLength(4)
})

it('goes on where it stopped, a little earlier, also in another process, and never too far back', async () => {
  await using scene = await prepare()
  const started = () => scene.archive.asked.at(-1)?.get('start')
  await scene.open().look(signal)
  expect(started()).toBe(String(seconds('2026-07-07T12:00:00Z')))
  scene.clock.time = new Date('2026-07-14T15:00:00Z')
  await scene.open().look(signal)
  expect(started()).toBe(String(seconds('2026-07-14T11:00:00Z')))
  scene.clock.time = new Date('2026-09-01T12:00:00Z')
  await scene.open().look(signal)
  expect(started()).toBe(String(seconds('2026-08-25T12:00:00Z')))
  await writeFile(join(scene.folder, 'archive-seen'), 'no time')
  await scene.open().look(signal)
  expect(started()).toBe(String(seconds('2026-08-25T12:00:00Z')))
})

const end = (status: number, text: string) => (response: ServerResponse) => void response.writeHead(status).end(text)
it.each<[string, (response: ServerResponse) => void, RegExp]>([
  ['an error', end(500, '{"error": "the database is away"}'), /HTTP 500: .*the database is away/],
  ['a page for people', end(200, '<!DOCTYPE html>'), /not JSON: <!DOCTYPE html>/],
  ['broken JSON', end(200, '{"raw_messages": ['), /not JSON: \{"raw_messages": \[/],
  ['other JSON', end(200, '{"raw_messages": 7, "pages": 1}'), /raw_messages: .*got 7/],
  ['too much', end(200, `"${'x'.repeat(200_000)}"`), /larger than 100000 bytes/],
  ['silence', () => undefined, /aborted due to timeout/],
  ['a broken connection', (response) => void response.destroy(), /fetch failed/],
])('%s is told, and what it kept from us is caught up', async (_what, trouble, message) => {
  await using scene = await prepare(1)
  scene.archive.messages.push(
    ofToday(nightly('43', '20260713'), '2026-07-13T05:00:00Z'),
    ofToday(nightly('43', '20260714'), '2026-07-14T05:00:00Z'),
  )
  const source = scene.open({ deadline: 300 })
  scene.archive.troubles.push(trouble)
  await expect(source.look(signal)).rejects.toThrow(message)
  await expect(readFile(join(scene.folder, 'archive-seen'))).rejects.toThrow('ENOENT')
  expect(scene.said).toEqual([])
  await source.look(signal)
  expect(scene.ids()).toEqual(['Fedora-43-20260714.n.0', 'Fedora-43-20260713.n.0'])
})

it('what cannot be said is read again', async () => {
  await using scene = await prepare()
  scene.archive.messages.push(ofToday(nightly('43', '20260714'), '2026-07-14T05:00:00Z'))
  const busy = scene.open({ takeIn: () => Promise.reject(new Error('the ledger is busy')) })
  await expect(busy.look(signal)).rejects.toThrow('the ledger is busy')
  await scene.open().look(signal)
  expect(scene.ids()).toEqual(['Fedora-43-20260714.n.0'])
})

it('what is refused is told and kept from nobody else', async () => {
  await using scene = await prepare()
  scene.archive.messages.push(
    ofToday({ ...nightly('43', '20260712'), location: 'https://elsewhere.example.org/x' }, '2026-07-12T05:00:00Z'),
    ofToday({ status: 'FINISHED' }, '2026-07-12T05:00:00Z'),
    ofToday(postRelease, '2026-07-12T05:00:00Z'),
    ofToday(nightly('43', '20260714'), '2026-07-14T05:00:00Z'),
  )
  await scene.open().look(signal)
  expect(scene.ids()).toEqual(['Fedora-43-20260714.n.0'])
  const refused = scene.lines.filter(({ msg }) => msg === 'refused').map(({ reason }) => reason)
  expect(refused).toEqual([expect.stringContaining('compose_id: '), expect.stringContaining('location: ')])
})

it('an archive whose pages never end is not read for ever', async () => {
  await using scene = await prepare()
  const endless = end(200, '{"raw_messages": [], "pages": 1000000}')
  scene.archive.troubles.push(...Array.from({ length: 1_000 }, () => endless))
  await expect(scene.open().look(signal)).rejects.toThrow('more than 200 pages since 2026-07-07')
})
