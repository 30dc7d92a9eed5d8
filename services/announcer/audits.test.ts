import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { cloudAudited, type CloudAudited } from '#events/cloud-audited.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imagePublished } from '#events/image-published.ts'
import { debianDrop } from './testing/drops.ts'
import { published } from './testing/news.ts'
import { openAnnouncer } from './testing/open-announcer.ts'

const body = debianDrop()
const one = body.images.find(({ registrations }) => registrations.length > 0)
const [registration] = one?.registrations ?? []
const now = new Date('2026-07-20T06:00:00Z')

function audited(at: string, kind: 'private' | 'gone' | null) {
  const { place = '', id = '' } = registration ?? {}
  const example = cloudAudited.example.findings.map((finding) => ({
    ...finding,
    place,
    id,
    since: '2026-07-20T06:00:00Z',
  }))
  const findings: CloudAudited['findings'] = kind === null ? [] : example.map((finding) => ({ ...finding, kind }))
  return seal(say(cloudAudited, { ...cloudAudited.example, at, findings }), { now })
}

it('shows on its page which image of a drop an audit found not to be there for everybody, until a later one does not', async () => {
  await using announcer = await openAnnouncer()
  const page = () => readFile(announcer.at(`drops/${body.drop}.html`), 'utf8')
  await announcer.hear(published(body))
  expect(await page()).not.toContain('not public')
  await announcer.hear(audited('2026-07-20T06:00:00Z', 'private'))
  expect(await page()).toContain('>not public since 20 July 2026<')
  const image = one?.image ?? imagePublished.example.image
  const registrations = one?.registrations ?? []
  const { compose, drop } = body
  await announcer.hear(seal(say(imagePublished, { drop, compose, image, registrations }), { now }))
  expect(await page()).toContain('>not public since 20 July 2026<')
  await announcer.hear(audited('2026-07-21T06:00:00Z', 'gone'))
  expect(await page()).toContain('>not there since 20 July 2026<')
  await announcer.hear(audited('2026-07-22T06:00:00Z', null))
  await announcer.hear(audited('2026-07-20T06:00:00Z', 'private'))
  expect(await page()).not.toMatch(/not there|not public/)
})
