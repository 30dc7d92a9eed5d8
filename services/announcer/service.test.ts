import { access, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import type { DropAnnounced } from '#events/drop-announced.ts'
import { checkOutgoing } from '#events/parse.ts'
import { seal } from '#events/envelope.ts'
import { openMailServer } from './channels/mail/testing/mail-server.ts'
import { debianDrop, withRegistrations } from './testing/drops.ts'
import { shelfOf } from './shelves.ts'
import { expired, imageOpened, imageTaken, published, superseded } from './testing/news.ts'
import { openAnnouncer, type TestAnnouncer } from './testing/open-announcer.ts'

const drop = 'nightly-Debian-12-20260711.0'
const dropPage = `drops/${drop}.html`
const mailedBy = (url: string) => ({
  IMAGEDROP_ANNOUNCER_SMTP_URL: url,
  IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
})

async function read(at: TestAnnouncer, path: string): Promise<string> {
  return await readFile(at.at(path), 'utf8')
}

describe('a published drop', () => {
  it('is announced in a file, the feed and the page when no mail server is configured', async () => {
    await using at = await openAnnouncer()
    const [event, ...others] = await at.hear(published(debianDrop()))
    if (!event) throw new Error('nothing was said')
    checkOutgoing(seal(event, { now: new Date() }))
    expect(others).toEqual([])
    const { told } = event.body as DropAnnounced
    expect(told).toEqual([
      { channel: 'feed', to: at.at('feed.atom'), id: `tag:imagedrop.localhost,2026-07-11:drop/${drop}` },
      { channel: 'file', to: at.at(`${drop}.eml`), id: `<drop.${drop}@imagedrop.localhost>` },
      { channel: 'page', to: at.at('index.html'), id: dropPage },
    ])
    await Promise.all(told.map(({ to }) => access(to)))
  })

  it('is mailed with headers that programs can go by', async () => {
    await using server = await openMailServer()
    await using at = await openAnnouncer({
      env: { ...mailedBy(server.url), IMAGEDROP_ANNOUNCER_DOMAIN: 'imagedrop.example.org' },
    })
    await at.hear(published(debianDrop()))
    const [heard] = server.heard
    if (!heard) throw new Error('no mail arrived')
    expect(heard.bytes).toEqual(await readFile(at.at(`${drop}.eml`)))
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

  it('is on the page although the mail server is away, and is mailed once when it is back', async () => {
    await using server = await openMailServer({ afterData: [{ code: 451 }, 'accept'] })
    await using at = await openAnnouncer({ env: mailedBy(server.url) })
    await expect(at.hear(published(debianDrop()))).rejects.toMatchObject({ name: 'TransientError' })
    expect(await read(at, 'index.html')).toContain('Debian 12 cloud images 20260711')
    await at.hear(published(debianDrop()))
    await at.hear(published(debianDrop()))
    expect(server.heard).toHaveLength(2)
  })

  it('is mailed and shown in the feed although the page cannot be written, which is named', async () => {
    await using server = await openMailServer()
    await using at = await openAnnouncer({ env: mailedBy(server.url) })
    await mkdir(at.at('index.html'), { recursive: true })
    await expect(at.hear(published(debianDrop()))).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/^page: .*index\.html/),
    })
    expect(server.heard).toHaveLength(1)
    expect(await read(at, 'feed.atom')).toContain('Debian 12 cloud images 20260711')
    await rm(at.at('index.html'), { recursive: true })
    await at.hear(published(debianDrop()))
    expect(server.heard).toHaveLength(1)
    expect(await read(at, 'index.html')).toContain('Debian 12 cloud images 20260711')
  })

  it('says by the name of its channel what failed, of each', async () => {
    await using server = await openMailServer({ afterData: [{ code: 550 }] })
    await using at = await openAnnouncer({ env: mailedBy(server.url) })
    await mkdir(at.at('feed.atom'), { recursive: true })
    await expect(at.hear(published(debianDrop()))).rejects.toThrow(/^feed: .*; mail: .*this server says 550/)
  })

  it('shows a region that an image came to later, and tells nobody again', async () => {
    await using server = await openMailServer()
    await using at = await openAnnouncer({ env: mailedBy(server.url) })
    const body = debianDrop()
    const one = body.images.find(({ registrations }) => registrations.length > 0)
    const [first] = one?.registrations ?? []
    if (one === undefined || first === undefined) throw new Error('no image is registered')
    const later = { ...first, place: 'ap-south-1', id: 'ami-0fedcba9876543210' }
    const word = imageOpened(body, one, [first, later])
    await at.hear(word)
    await at.hear(published(body))
    const mail = await read(at, `${drop}.eml`)
    expect(await read(at, dropPage)).not.toContain(later.id)
    expect([await at.hear(word), await at.hear(word)]).toEqual([[], []])
    expect(await read(at, dropPage)).toContain(later.id)
    expect([server.heard.length, await read(at, `${drop}.eml`)]).toEqual([1, mail])
    await at.hear(superseded(body, 'another'))
    await at.hear(imageOpened(body, one, [first]))
    expect(await read(at, dropPage)).not.toContain(later.id)
  })

  it('shows how an image stands where its review takes days, and goes by the later word whichever is heard first', async () => {
    await using at = await openAnnouncer()
    const body = debianDrop()
    const one = body.images.find(({ registrations }) => registrations.length > 0)
    const [first] = one?.registrations ?? []
    if (one === undefined || first === undefined) throw new Error('no image is registered')
    const inReview = { ...first, target: 'shop', place: 'prod-1', id: 'set-1', state: 'in review' }
    const live = { ...inReview, id: 'option-1', state: 'live' }
    await at.hear(published(body))
    await at.hear(imageTaken(body, one, [inReview]))
    expect(await read(at, dropPage)).toMatch(/set-1[^]*>in review/)
    await at.hear(imageOpened(body, one, [live]))
    await at.hear(imageTaken(body, one, [inReview]))
    expect(await read(at, dropPage)).toMatch(/option-1[^]*>live/)
    expect(await read(at, dropPage)).not.toContain('set-1')
  })

  it('gives the same bytes wherever it is announced', async () => {
    await using one = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org/' } })
    await using other = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org' } })
    const event = published(debianDrop())
    await one.hear(event)
    await other.hear(event)
    expect(await readAll(one)).toEqual(await readAll(other))
  })

  it('in letters beyond ASCII is mailed and shown in them', async () => {
    await using at = await openAnnouncer()
    await at.hear(published(debianDrop('20260711', { by: 'Zoë Müller — 発行' })))
    const mail = await simpleParser(await readFile(at.at(`${drop}.eml`)))
    expect(mail.text).toContain('by Zoë Müller — 発行')
    expect(await read(at, dropPage)).toContain('Zoë Müller — 発行')
  })
})

describe('the page and the feed', () => {
  it('list the newest drop first', async () => {
    await using at = await openAnnouncer()
    await at.hear(published(debianDrop('20260711'), '2026-07-11T12:00:00.000Z'))
    await at.hear(published(debianDrop('20260709'), '2026-07-09T12:00:00.000Z'))
    await at.hear(published(debianDrop('20260710'), '2026-07-10T12:00:00.000Z'))
    const order = (text: string) =>
      [...new Set(text.match(/Debian 12 cloud images (\d+)/g))].map((found) => found.slice(-2))
    expect(order(await read(at, 'index.html'))).toEqual(['11'])
    const days = (await read(at, 'releases/Debian-12.html')).match(/(?<=html">Debian-12-202607)\d\d/g)
    expect(days).toEqual(['11', '10', '09'])
    expect(order(await read(at, 'feed.atom'))).toEqual(['11', '10', '09'])
  })

  it('mark a superseded drop and link none of its files', async () => {
    await using at = await openAnnouncer()
    const body = debianDrop()
    await at.hear(published(body))
    expect(await at.hear(superseded(body, 'nightly-Debian-12-20260711.1', '2026-07-12T09:00:00.000Z'))).toEqual([])
    expect(await read(at, dropPage)).toMatch(/superseded by\s+nightly-Debian-12-20260711\.1/)
    for (const page of [dropPage, 'index.html']) expect(await read(at, page)).not.toContain('.qcow2')
    const feed = await read(at, 'feed.atom')
    expect(feed).toContain('[superseded]')
    expect(feed).toContain(`<id>tag:imagedrop.localhost,2026-07-11:drop/${drop}</id>`)
    expect(feed).toContain('<updated>2026-07-12T09:00:00.000Z</updated>')
    expect(feed).not.toContain('.qcow2')
  })

  it('are a JSON Feed too, with the same entries as the Atom feed, each with its address and markup', async () => {
    await using at = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org/' } })
    for (const day of ['20260710', '20260711']) await at.hear(published(debianDrop(day, { by: 'R&D <x>' })))
    await at.hear(superseded(debianDrop('20260710'), 'somebody'))
    const feed = JSON.parse(await read(at, 'feed.json')) as { items: Record<string, string>[] }
    expect(feed).toMatchObject({
      version: 'https://jsonfeed.org/version/1',
      title: 'Cloud images',
      home_page_url: 'https://cloud.example.org/index.html',
      feed_url: 'https://cloud.example.org/feed.json',
    })
    const ids = [...(await read(at, 'feed.atom')).matchAll(/<entry>[\s\S]*?<id>(.*?)<\/id>/g)].map(([, id]) => id)
    expect(feed.items.map(({ id }) => id)).toEqual(ids)
    expect(feed.items[0]).toMatchObject({
      url: `https://cloud.example.org/drops/${drop}.html`,
      title: 'Debian 12 cloud images 20260711 (nightly)',
      date_published: '2026-07-11T12:00:00.000Z',
      summary: '4 of 4 images passed the boot test; blessed by R&D <x>.',
      content_html: expect.stringMatching(/R&amp;D &lt;x&gt;[\s\S]*drops\/.*\.html/),
    })
    expect(feed.items[1]?.['title']).toContain('[superseded]')
    expect(feed.items[1]?.['content_html']).not.toContain('.html')
  })

  it('forget an expired drop, superseded before or after', async () => {
    await using at = await openAnnouncer()
    const body = debianDrop()
    await at.hear(published(body))
    await at.hear(expired(body))
    await at.hear(superseded(body, 'somebody'))
    expect(await read(at, 'index.html')).not.toContain('20260711')
    expect(await read(at, 'feed.atom')).not.toContain('<entry>')
  })

  it('keep of an expired drop only that it has expired, and that it is not to be told of again', async () => {
    await using server = await openMailServer()
    await using at = await openAnnouncer({ env: mailedBy(server.url) })
    await at.hear(published(debianDrop()))
    expect(await readdir(join(at.state, 'announcer/deliveries'))).toEqual([drop])
    await at.hear(expired(debianDrop()))
    expect(await readdir(join(at.state, 'announcer/deliveries'))).toEqual([])
    expect(await readdir(at.at('drops'))).toEqual([`${drop}.html`])
    expect(await read(at, dropPage)).toContain('This drop has expired')
    expect(await at.hear(published(debianDrop()))).toEqual([])
    expect(server.heard).toHaveLength(1)
  })

  it('lead to the files on the mirror beside them when it has no public address', async () => {
    await using at = await openAnnouncer()
    await at.hear(published(debianDrop()))
    const path = 'mirror/alt/debian-12-20260711/amd64/debian-12-ec2-amd64-20260711.qcow2'
    expect(await read(at, 'index.html')).toContain(`"../${path}"`)
    expect(await read(at, dropPage)).toContain(`"../../${path}"`)
    const address = pathToFileURL(at.at(dropPage)).href
    const feed = await read(at, 'feed.atom')
    expect(feed).toContain(`<link href="${address}"/>`)
    // What reads a feed has no address that a relative link could start from.
    expect([...feed.matchAll(/href="([^"]*)"/g)].filter(([, link = '']) => !URL.canParse(link))).toEqual([])
  })

  it('show what is registered at each target by its title, and the image before its package list', async () => {
    await using at = await openAnnouncer()
    const registration = { emulated: false, place: 'region-one', id: 'f00', name: 'debian-12', details: {} }
    const targets = ['ec2', 'openstack'].map((target) => ({ ...registration, target }))
    const body = withRegistrations(targets)
    await at.hear(published({ ...body, files: body.files.toReversed() }))
    const page = await read(at, dropPage)
    expect(page).toMatch(/<caption>\s*Amazon EC2\b[\s\S]*<caption>\s*openstack\b/)
    expect(page.indexOf('generic-amd64-20260711.qcow2')).toBeLessThan(page.indexOf('generic-amd64-20260711.packages'))
  })

  it('have as many entries in the feed as told, and lead to all drops', async () => {
    await using at = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_FEED_ENTRIES: '2' } })
    for (const day of ['01', '02', '03']) {
      await at.hear(published(debianDrop(`202607${day}`), `2026-07-${day}T12:00:00.000Z`))
    }
    expect((await read(at, 'feed.atom')).match(/<entry>/g)).toHaveLength(2)
    expect((await read(at, 'years/2026.html')).match(/<a href="\.\.\/drops\//g)).toHaveLength(3)
  })

  it('are not renewed over a drop that cannot be read, which is named, while others are told by mail', async () => {
    await using server = await openMailServer()
    await using at = await openAnnouncer({ env: mailedBy(server.url) })
    await at.hear(published(debianDrop()))
    const path = `told/${shelfOf(drop)}/${drop}.json`
    await rm(at.at(path))
    await writeFile(at.at(path), '{"at": 7}')
    await expect(at.hear(published(debianDrop('20260712')))).rejects.toThrow(`${path} is no published drop: at: `)
    expect(server.heard).toHaveLength(2)
  })
})

async function readAll(at: TestAnnouncer): Promise<Record<string, string>> {
  const names = (await readdir(at.at('.'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(at.at('.').length)}/${entry.name}`.replace(/^\/+/, ''))
    .sort()
  const files = await Promise.all(names.map(async (name) => [name, await read(at, name)] as const))
  return Object.fromEntries(files)
}
