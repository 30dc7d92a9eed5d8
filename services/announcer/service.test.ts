import { access, readFile, readdir, writeFile } from 'node:fs/promises'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import type { DropAnnounced } from '#events/drop-announced.ts'
import { checkOutgoing } from '#events/parse.ts'
import { seal } from '#events/envelope.ts'
import { debianDrop, expired, openOffice, published, superseded, type Office } from './fixture.ts'
import { openMailServer } from './mail/mail-server.fixture.ts'

const drop = 'nightly-Debian-12-20260711.0'
const list = 'cloud@lists.example.org'

async function read(office: Office, path: string): Promise<string> {
  return await readFile(office.at(path), 'utf8')
}

describe('a published drop', () => {
  test('is announced in a file, the feed and the page when no mail server is configured', async () => {
    await using office = await openOffice()
    const [event, ...others] = await office.hear(published(debianDrop()))
    if (!event) throw new Error('nothing was said')
    checkOutgoing(seal(event, { now: new Date() }))
    expect(others).toEqual([])
    const { told } = event.body as DropAnnounced
    expect(told).toEqual([
      { channel: 'file', to: office.at(`${drop}.eml`), id: `<drop.${drop}@imagedrop.localhost>` },
      { channel: 'feed', to: office.at('feed.atom'), id: `tag:imagedrop.localhost,2026-07-11:drop/${drop}` },
      { channel: 'page', to: office.at('index.html'), id: drop },
    ])
    await Promise.all(told.map(({ to }) => access(to)))
  })

  test('is mailed with headers that programs can go by', async () => {
    await using server = await openMailServer()
    await using office = await openOffice({
      IMAGEDROP_ANNOUNCER_SMTP_URL: server.url,
      IMAGEDROP_ANNOUNCER_TO: list,
      IMAGEDROP_ANNOUNCER_DOMAIN: 'imagedrop.example.org',
    })
    await office.hear(published(debianDrop()))
    const [heard] = server.heard
    if (!heard) throw new Error('no mail arrived')
    expect(heard.bytes).toEqual(await readFile(office.at(`${drop}.eml`)))
    const mail = await simpleParser(heard.bytes)
    expect(mail.subject).toBe('[imagedrop] Debian 12 cloud images 20260711 (nightly)')
    expect(mail.messageId).toBe(`<drop.${drop}@imagedrop.example.org>`)
    expect(mail.inReplyTo).toBe('<release.Debian-12@imagedrop.example.org>')
    expect(mail.references).toBe('<release.Debian-12@imagedrop.example.org>')
    expect(mail.date).toEqual(new Date('2026-07-11T12:00:00.000Z'))
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
    expect(mail.html).toBe(false)
    expect(mail.text).toContain('All 4 images passed the boot test.')
  })

  test('is told to nobody twice, also when it is told to us twice', async () => {
    await using server = await openMailServer()
    const env = { IMAGEDROP_ANNOUNCER_SMTP_URL: server.url, IMAGEDROP_ANNOUNCER_TO: list }
    await using office = await openOffice(env)
    const first = await office.hear(published(debianDrop()))
    const before = await readAll(office)
    await using restarted = await openOffice(env, office.state)
    expect(await restarted.hear(published(debianDrop(), '2026-07-11T18:00:00.000Z'))).toEqual(first)
    expect(await readAll(office)).toEqual(before)
    expect(server.heard).toHaveLength(1)
  })

  test('is on the page although the mail server is away, and is mailed once when it is back', async () => {
    await using server = await openMailServer({ afterData: [{ code: 451 }, 'accept'] })
    await using office = await openOffice({ IMAGEDROP_ANNOUNCER_SMTP_URL: server.url, IMAGEDROP_ANNOUNCER_TO: list })
    await expect(office.hear(published(debianDrop()))).rejects.toMatchObject({ name: 'TransientError' })
    expect(await read(office, 'index.html')).toContain('Debian 12 cloud images 20260711')
    await office.hear(published(debianDrop()))
    await office.hear(published(debianDrop()))
    expect(server.heard).toHaveLength(2)
  })

  test('gives the same bytes wherever it is announced', async () => {
    await using one = await openOffice({ IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org/' })
    await using other = await openOffice({ IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org' })
    const event = published(debianDrop())
    await one.hear(event)
    await other.hear(event)
    expect(await readAll(one)).toEqual(await readAll(other))
  })

  test('in letters beyond ASCII is mailed and shown in them', async () => {
    await using office = await openOffice()
    await office.hear(published(debianDrop('20260711', { by: 'Zoë Müller — 発行' })))
    const mail = await simpleParser(await readFile(office.at(`${drop}.eml`)))
    expect(mail.text).toContain('by Zoë Müller — 発行')
    expect(await read(office, 'index.html')).toContain('Zoë Müller — 発行')
  })
})

describe('the page and the feed', () => {
  test('list the newest drop first', async () => {
    await using office = await openOffice()
    await office.hear(published(debianDrop('20260711'), '2026-07-11T12:00:00.000Z'))
    await office.hear(published(debianDrop('20260709'), '2026-07-09T12:00:00.000Z'))
    await office.hear(published(debianDrop('20260710'), '2026-07-10T12:00:00.000Z'))
    const order = (text: string) =>
      [...new Set(text.match(/Debian 12 cloud images (\d+)/g))].map((found) => found.slice(-2))
    expect(order(await read(office, 'index.html'))).toEqual(['11', '10', '09'])
    expect(order(await read(office, 'feed.atom'))).toEqual(['11', '10', '09'])
  })

  test('mark a superseded drop and link none of its files', async () => {
    await using office = await openOffice()
    const body = debianDrop()
    await office.hear(published(body))
    expect(await office.hear(superseded(body, 'nightly-Debian-12-20260711.1', '2026-07-12T09:00:00.000Z'))).toEqual([])
    const page = await read(office, 'index.html')
    expect(page).toMatch(/superseded by\s+nightly-Debian-12-20260711\.1/)
    expect(page).not.toContain('.qcow2')
    const feed = await read(office, 'feed.atom')
    expect(feed).toContain('[superseded]')
    expect(feed).toContain(`<id>tag:imagedrop.localhost,2026-07-11:drop/${drop}</id>`)
    expect(feed).toContain('<updated>2026-07-12T09:00:00.000Z</updated>')
    expect(feed).not.toContain('.qcow2')
  })

  test('forget an expired drop, superseded before or after', async () => {
    await using office = await openOffice()
    const body = debianDrop()
    await office.hear(published(body))
    await office.hear(expired(body))
    await office.hear(superseded(body, 'somebody'))
    expect(await read(office, 'index.html')).not.toContain('20260711')
    expect(await read(office, 'feed.atom')).not.toContain('<entry>')
  })

  test('show no drop that was withdrawn before its publication was heard of, and nobody is told', async () => {
    await using office = await openOffice()
    const body = debianDrop()
    await office.hear(expired(body))
    expect(await office.hear(published(body))).toEqual([])
    expect(await readdir(office.at('.'))).not.toContain(`${drop}.eml`)
    expect(await read(office, 'index.html')).toContain('No drop is published at the moment.')
  })

  test('have as many entries in the feed as told, and all drops on the page', async () => {
    await using office = await openOffice({ IMAGEDROP_ANNOUNCER_FEED_ENTRIES: '2' })
    for (const day of ['01', '02', '03']) {
      await office.hear(published(debianDrop(`202607${day}`), `2026-07-${day}T12:00:00.000Z`))
    }
    expect((await read(office, 'feed.atom')).match(/<entry>/g)).toHaveLength(2)
    expect((await read(office, 'index.html')).match(/<article/g)).toHaveLength(3)
  })

  test('are not renewed over a record that cannot be read, which is named', async () => {
    await using office = await openOffice()
    await office.hear(published(debianDrop()))
    await writeFile(office.at(`drops/${drop}.json`), '{"drop": 7}')
    await expect(office.hear(published(debianDrop('20260712')))).rejects.toThrow(
      `drops/${drop}.json is not the record of a drop: drop: `,
    )
  })
})

async function readAll(office: Office): Promise<Record<string, string>> {
  const names = (await readdir(office.at('.'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(office.at('.').length)}/${entry.name}`.replace(/^\/+/, ''))
    .sort()
  const files = await Promise.all(names.map(async (name) => [name, await read(office, name)] as const))
  return Object.fromEntries(files)
}
