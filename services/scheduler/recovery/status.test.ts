import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Said } from '#events/define.ts'
import { house } from '#test/support/house.ts'
import { createMetadataReader } from '../compose/read-metadata.ts'
import { createPlaceReader } from '../compose/read-place.ts'
import { readPolicy } from '../policy/read-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { statusSource } from './status.ts'
import { filesOf, startComposes } from './testing/compose-server.ts'

const shipped = readPolicy(join(import.meta.dirname, '../../../deploy/drops.yaml'), house)
const signal = new AbortController().signal

function watch(recovery: Partial<Policy['recovery']>, allowed: string[]) {
  const policy = { ...shipped, recovery: { ...shipped.recovery, ...recovery } }
  const bounds = { allowed, deadline: 5_000, maxBytes: 100_000 }
  const said: { event: Said; seed: string | undefined }[] = []
  const source = statusSource({
    policy,
    allowed,
    read: createPlaceReader(bounds),
    readMetadata: createMetadataReader(bounds),
    now: () => new Date('2026-07-14T12:00:00Z'),
    log: pino({ level: 'silent' }),
    takeIn(event, { seed }) {
      said.push({ event, seed })
      return Promise.resolve('id')
    },
  })
  const ids = () => said.map(({ event }) => (event.body as { compose_id: string }).compose_id)
  return { look: () => source.look(signal), said, ids }
}

it('the finished composes of a folder are taken in, the newest first, as Pungi would have told them', async () => {
  await using server = await startComposes()
  const folder = '/compose/branched'
  for (const [id, status] of [
    ['Fedora-43-20260712.n.0', 'FINISHED'],
    ['Fedora-43-20260713.n.1', 'FINISHED_INCOMPLETE'],
    ['Fedora-43-20260713.n.0', 'DOOMED'],
    ['Fedora-43-20260714.n.0', 'STARTED'],
    ['Fedora-43-20260601.n.0', 'FINISHED'],
    ['Fedora-eln-20260714.n.0', 'FINISHED'],
  ] as const) {
    server.put(`${folder}/${id}`, id, status)
  }
  server.files.set(`${folder}/logs/readme`, 'not a compose')
  const watching = watch({ folders: [`${server.root}${folder}/`] }, [`${server.root}/compose/`])
  await watching.look()
  expect(watching.said.map(({ seed }) => seed)).toEqual([
    'compose-status:Fedora-43-20260713.n.1:FINISHED_INCOMPLETE',
    'compose-status:Fedora-43-20260712.n.0:FINISHED',
  ])
  expect(watching.said[0]?.event).toEqual({
    subject: 'pungi.compose.status.change',
    body: {
      compose_id: 'Fedora-43-20260713.n.1',
      status: 'FINISHED_INCOMPLETE',
      location: `${server.root}${folder}/Fedora-43-20260713.n.1/compose`,
      compose_date: '20260713',
      compose_type: 'nightly',
      compose_respin: 1,
      compose_label: null,
      release_short: 'Fedora',
      release_version: '43',
      release_type: 'ga',
      release_is_layered: false,
    },
  })
})

it('a compose is taken in when it has finished, once, and little is asked for again', async () => {
  await using server = await startComposes()
  const [one, other] = ['Fedora-43-20260713.n.0', 'Fedora-43-20260714.n.0']
  server.put(`/compose/${one}`, one, 'FINISHED')
  server.put(`/compose/${other}`, other, 'STARTED')
  const watching = watch({ folders: [`${server.root}/compose`] }, [server.root])
  await watching.look()
  expect(watching.ids()).toEqual([one])
  server.asked.length = 0
  await watching.look()
  expect(server.asked).toEqual([
    { path: '/compose/', status: 200 },
    { path: `/compose/${other}/STATUS`, status: 304 },
  ])
  server.put(`/compose/${other}`, other, 'FINISHED_INCOMPLETE')
  await watching.look()
  server.put(`/compose/${other}`, other, 'FINISHED')
  await watching.look()
  await watching.look()
  expect(watching.said.map(({ seed }) => seed)).toEqual([
    `compose-status:${one}:FINISHED`,
    `compose-status:${other}:FINISHED_INCOMPLETE`,
    `compose-status:${other}:FINISHED`,
  ])
})

it('a link is followed to the compose that it leads to now, and a drop gets that place', async () => {
  await using server = await startComposes()
  const link = '/compose/rawhide/latest-Fedora-Rawhide'
  const watching = watch({ composes: [`${server.root}${link}`] }, [server.root])
  for (const id of ['Fedora-Rawhide-20260713.n.0', 'Fedora-Rawhide-20260714.n.0']) {
    server.put(link, id, 'FINISHED')
    server.put(`/compose/rawhide/${id}`, id, 'FINISHED')
    // The server's tag of the text alone is the same for both: a link must not be taken for known by it.
    server.files.set(`${link}/STATUS`, `FINISHED${' '.repeat(Number(id.slice(22, 23)))}\n`)
    await watching.look()
  }
  expect(watching.said.map(({ event }) => (event.body as { location: string }).location)).toEqual([
    `${server.root}/compose/rawhide/Fedora-Rawhide-20260713.n.0/compose`,
    `${server.root}/compose/rawhide/Fedora-Rawhide-20260714.n.0/compose`,
  ])
})

it('a link on a server that tells no versions is taken in once', async () => {
  await using server = await startComposes({ etags: false })
  const [link, id] = ['/compose/latest-Fedora-43', 'Fedora-43-20260714.n.0']
  server.put(link, id, 'FINISHED')
  const watching = watch({ composes: [server.root + link] }, [server.root])
  await watching.look()
  await watching.look()
  expect(watching.ids()).toEqual([id])
})

it('a link that moves while it is read does not make an unfinished compose a finished one', async () => {
  await using server = await startComposes()
  const [link, id] = ['/compose/latest-Fedora-43', 'Fedora-43-20260714.n.0']
  server.put(link, id, 'FINISHED')
  server.put(`/compose/${id}`, id, 'STARTED')
  const watching = watch({ composes: [server.root + link] }, [server.root])
  await watching.look()
  expect(watching.ids()).toEqual([])
  server.put(`/compose/${id}`, id, 'FINISHED')
  await watching.look()
  expect(watching.ids()).toEqual([id])
})

it('a candidate is taken in with its label', async () => {
  await using server = await startComposes()
  const id = 'Fedora-45-20260714.0'
  server.put(`/compose/45/${id}`, id, 'FINISHED', { label: 'Beta-1.2' })
  const watching = watch({ folders: [`${server.root}/compose/45`] }, [server.root])
  await watching.look()
  expect(watching.said[0]?.event.body).toMatchObject({ compose_label: 'Beta-1.2', compose_type: 'production' })
})

it('composes in a folder of this host are found, but not beyond what is allowed', async () => {
  const root = await mkdtemp(join(tmpdir(), 'composes-'))
  const id = 'Fedora-43-20260714.n.0'
  for (const [name, text] of Object.entries(filesOf(id, 'FINISHED'))) {
    await mkdir(dirname(join(root, 'here', id, name)), { recursive: true })
    await writeFile(join(root, 'here', id, name), text)
  }
  const watching = watch({ folders: [join(root, 'here')] }, [join(root, 'here')])
  await watching.look()
  expect(watching.ids()).toEqual([id])
  const outside = watch({ folders: [join(root, 'here')] }, [join(root, 'there')])
  await expect(outside.look()).rejects.toThrow('not under an allowed location')
  expect(outside.ids()).toEqual([])
  await rm(root, { recursive: true })
})

it('one place that fails is told, and hides no other', async () => {
  await using server = await startComposes()
  const [bad, good, elsewhere] = ['Fedora-43-20260714.n.0', 'Fedora-43-20260713.n.0', 'Fedora-43-20260712.n.0']
  for (const id of [bad, good, elsewhere]) server.put(`/compose/${id}`, id, 'FINISHED')
  server.files.set(`/compose/${bad}/compose/metadata/composeinfo.json`, '{')
  server.redirects.set(`/compose/${elsewhere}/COMPOSE_ID`, 'http://elsewhere.example.org/COMPOSE_ID')
  const watching = watch({ composes: [`${server.root}/gone`], folders: [`${server.root}/compose`] }, [server.root])
  const error: unknown = await watching.look().catch((error: unknown) => error)
  expect(String(error)).toContain(`${server.root}/gone/STATUS: HTTP 404`)
  expect(String(error)).toContain('composeinfo.json: not JSON')
  expect(String(error)).toMatch(/location: it is not under an allowed location; .*elsewhere\.example\.org/)
  expect(watching.ids()).toEqual([good])
  server.put(`/compose/${bad}`, bad, 'FINISHED')
  await watching.look().catch(() => null)
  expect(watching.ids()).toEqual([good, bad])
})
