import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HtmlValidate } from 'html-validate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DropPublished } from '#events/drop-published.ts'
import { debianDrop, withContingency } from '../../testing/drops.ts'
import { expired, published, superseded } from '../../testing/news.ts'
import { openAnnouncer, type TestAnnouncer } from '../../testing/open-announcer.ts'
import { notePublications } from './testing/note-publications.ts'
import { debian12, rawhide, sampleDrop, weeklyDrops } from './testing/sample-drops.ts'
import { samples, showSampleSite } from './testing/sample-site.ts'
import { readSite } from './testing/read-site.ts'

const validator = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:a11y'],
  rules: {
    // Of style, not of validity: how the templates break their lines, and names as events have them.
    'no-trailing-whitespace': 'off',
    'valid-id': ['error', { relaxed: true }],
  },
})

describe('the site of three releases', () => {
  let at: TestAnnouncer
  let pages: Map<string, string>

  beforeAll(async () => {
    at = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_MIRROR_URL: 'https://download.example.org/pub' } })
    await showSampleSite(at)
    pages = await readSite(at.at('.'))
  }, 60_000)
  afterAll(async () => {
    await at[Symbol.asyncDispose]()
  })

  const page = (path: string) => pages.get(path) ?? ''

  it('is reached from the start page whole, and no link or anchor in it leads nowhere', () => {
    const kinds = Map.groupBy(pages.keys(), (path) => path.split('/').slice(0, -1).join('/'))
    expect(kinds.get('drops')).toHaveLength(39)
    expect(kinds.get('releases')).toHaveLength(3)
    expect(kinds.get('years')).toEqual(['years/2026.html'])
  })

  it('is valid HTML', async () => {
    const isSample = (path: string) => !path.startsWith('drops/') || Object.values(samples).includes(path)
    for (const [path, markup] of [...pages].filter(([one]) => isSample(one))) {
      const { results } = await validator.validateString(markup)
      const wrong = results.flatMap(({ messages }) =>
        messages.map((one) => `${path}:${String(one.line)} ${one.message}`),
      )
      expect(wrong, path).toEqual([])
    }
  })

  it('has no script, and lets none run', () => {
    for (const [path, markup] of pages) {
      expect(markup, path).not.toMatch(/<script|javascript:| on\w+="/i)
      expect(markup, path).toContain('content="default-src &#39;none&#39;; style-src ')
    }
  })

  it('shows the newest drop of each release first, and leads to its history', () => {
    const start = page('index.html')
    expect([...start.matchAll(/<h2 id="([^"]*)"/g)].map(([, id]) => id)).toEqual([
      'Debian-12',
      'Fedora-Rawhide',
      'Fedora-43',
      'next',
    ])
    expect(start).toContain(`href="${samples.standing}"`)
    expect(start).toContain('href="releases/Fedora-43.html"')
  })

  it('links where an image is launched in each region, and says of emulated ones only that', () => {
    const [debian = '', fedora = ''] = page('index.html').split('<h2 id="Fedora-Rawhide"')
    expect(fedora).toMatch(
      /href="https:\/\/console\.aws\.amazon\.com\/ec2\/home\?region=eu-central-1#launchAmi=ami-0[0-9a-f]{16}"/,
    )
    expect(debian).toMatch(/<code[^>]*>ami-0/)
    expect(debian).toContain('>emulated<')
    expect(debian).not.toContain('launchAmi')
  })

  it('has commands to copy that verify what the buttons download', () => {
    const [, commands = ''] = /<pre><code>([^<]*)/.exec(page('index.html')) ?? []
    const [download = '', list = '', check = ''] = commands.split('\n')
    const tree = 'https://download.example.org/pub/alt/cloud/weekly/Debian-12-20261123.n.0/amd64'
    expect(download).toBe(`curl -LO ${tree}/debian-12-generic-amd64-20261123.qcow2`)
    expect(list).toBe(`curl -LO ${tree}/Debian-12-amd64-CHECKSUM`)
    expect(check).toBe('sha256sum -c --ignore-missing Debian-12-amd64-CHECKSUM')
  })

  it('has verdicts that lead to what the boot test saw', () => {
    const [, anchor = ''] = /<a class="badge good" href="([^"]*)"/.exec(page('index.html')) ?? []
    expect(anchor).toBe(`${samples.standing}#checks-generic.x86_64`)
    expect(page(samples.standing)).toMatch(/id="checks-generic\.x86_64"[\s\S]*cloud-init/)
    expect(page(samples.failed)).toContain('builder: no package provides &quot;cloud-init&quot;')
  })

  it('has verdicts that lead to the report of the boot test where one lies beside the image', async () => {
    await using other = await openAnnouncer()
    const body = sampleDrop(debian12, new Date('2026-11-23T06:00:00.000Z'))
    const list = body.files.find(({ path }) => path.endsWith('.packages.json'))
    if (!list) throw new Error('every image has a package list')
    const report = { ...list, path: list.path.replace('.packages.', '.boot-test.'), image: null }
    const linked = async () =>
      /<a class="badge good" href="([^"]*)"/.exec(await readFile(other.at('index.html'), 'utf8'))?.[1]
    await other.hear(published({ ...body, files: [...body.files, report] }))
    expect(await linked()).toBe(`../mirror/${report.path}`)
    const forPeople = { ...report, path: report.path.replace(/json$/, 'html') }
    await other.hear(published({ ...body, files: [...body.files, report, forPeople] }))
    expect(await linked()).toBe(`../mirror/${forPeople.path}`)
  })

  it('charts sizes and boot times of a release, and has them in a table', () => {
    const history = page('releases/Debian-12.html')
    expect(history.match(/<svg[^>]* role="img"/g)).toHaveLength(2)
    expect(history.match(/<th scope="row">/g)).toHaveLength(25)
    expect(history).toMatch(/[\d.]+ MiB<\/td>\s*<td class="number">\d+ s/)
  })
})

describe('a page', () => {
  it('is under 100 KB, and the feed too, with 500 drops of one release in one year', async () => {
    await using at = await openAnnouncer()
    const newest = new Date('2026-12-31T12:00:00.000Z')
    const days = Array.from({ length: 500 }, (_, index) => new Date(newest.getTime() - index * 60_000))
    const bodies = days.map((day, index) => respin(sampleDrop(debian12, day), 500 - index))
    // All but one are there when the announcer starts, so that it writes them once.
    const [last, ...others] = bodies.map((body, index) => ({ body, at: days[index]?.toISOString() ?? '' }))
    await notePublications(at.at('.'), others)
    if (last) await at.hear(published(last.body, last.at))
    const pages = await readSite(at.at('.'))
    expect([...pages.keys()].filter((path) => path.startsWith('drops/'))).toHaveLength(500)
    const sizes = [...pages].map(([path, markup]) => [path, Buffer.byteLength(markup)] as const)
    expect(sizes.filter(([, size]) => size > 100_000)).toEqual([])
    expect((await stat(at.at('feed.atom'))).size).toBeLessThan(100_000)
  })

  it('that shows nothing new is not written again', async () => {
    await using at = await openAnnouncer()
    const [first, second, third] = weeklyDrops(debian12, 3, new Date('2026-11-23T06:00:00.000Z'))
    const [other] = weeklyDrops(rawhide, 1, new Date('2025-11-24T06:00:00.000Z'))
    if (!first || !second || !third || !other) throw new Error('there are four drops')
    for (const { body, at: time } of [other, first, second]) await at.hear(published(body, time))
    const before = await inodes(at)
    await at.hear(published(third.body, third.at))
    const after = await inodes(at)
    const same = [...before].filter(([path, inode]) => after.get(path) === inode).map(([path]) => path)
    expect(same.toSorted()).toEqual(
      [
        ...[other, first, second].map(({ body }) => `drops/${body.drop}.html`),
        'releases/Fedora-Rawhide.html',
        'years/2025.html',
      ].toSorted(),
    )
  })

  it('that somebody has changed or lost is right again after a restart', async () => {
    await using at = await openAnnouncer()
    const [first, second] = weeklyDrops(debian12, 2, new Date('2026-11-23T06:00:00.000Z'))
    if (!first || !second) throw new Error('there are two drops')
    await at.hear(published(first.body, first.at))
    const path = at.at(`drops/${first.body.drop}.html`)
    const whole = await readFile(path)
    await writeFile(path, 'half')
    await rm(at.at('theme/style.css'))
    await using restarted = await openAnnouncer({ state: at.state })
    await restarted.hear(published(second.body, second.at))
    expect(await readFile(path)).toEqual(whole)
    await stat(at.at('theme/style.css'))
  })
})

describe('the page of a withdrawn drop', () => {
  it('names its successor, and leads to it as soon as that has a page', async () => {
    await using at = await openAnnouncer()
    const [old, successor] = weeklyDrops(debian12, 2, new Date('2026-11-23T06:00:00.000Z'))
    if (!old || !successor) throw new Error('there are two drops')
    await at.hear(published(old.body, old.at))
    await at.hear(superseded(old.body, successor.body.drop))
    const read = async () => (await readSite(at.at('.'))).get(`drops/${old.body.drop}.html`) ?? ''
    expect(await read()).toContain(`superseded by ${successor.body.drop}`)
    expect(await read()).not.toContain(`${successor.body.drop}.html`)
    await at.hear(published(successor.body, successor.at))
    expect(await read()).toContain(`superseded by <a href="../drops/${successor.body.drop}.html">`)
    expect(await read()).not.toMatch(/qcow2|ami-/)
  })

  it('stays when the drop has expired, and says so; no other page lists it', async () => {
    await using at = await openAnnouncer()
    const [old, newer] = weeklyDrops(debian12, 2, new Date('2026-11-23T06:00:00.000Z'))
    if (!old || !newer) throw new Error('there are two drops')
    for (const { body, at: time } of [old, newer]) await at.hear(published(body, time))
    await at.hear(expired(old.body))
    expect(await readFile(at.at(`drops/${old.body.drop}.html`), 'utf8')).toContain('This drop has expired')
    expect([...(await readSite(at.at('.'))).values()].filter((markup) => markup.includes(old.body.drop))).toEqual([])
  })
})

describe('a theme', () => {
  it('is a folder: its files are beside the start page, its fragments on each page', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'theme-'))
    await writeFile(join(folder, 'style.css'), 'body { color: green }')
    await writeFile(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    await writeFile(join(folder, 'header.html'), '<header><img src="{root}theme/logo.svg" alt="Example" /></header>')
    await writeFile(join(folder, 'footer.html'), '<p>Run by Example.</p>')
    await using at = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_THEME: folder } })
    const body = sampleDrop(debian12, new Date('2026-11-23T06:00:00.000Z'))
    await at.hear(published(body))
    expect(await readFile(at.at('theme/style.css'), 'utf8')).toBe('body { color: green }')
    await stat(at.at('theme/logo.svg'))
    const pages = await readSite(at.at('.'))
    expect(pages.get('index.html')).toContain('src="theme/logo.svg"')
    expect(pages.get(`drops/${body.drop}.html`)).toContain('src="../theme/logo.svg"')
    for (const markup of pages.values()) expect(markup).toContain('<p>Run by Example.</p>')
    await rm(folder, { recursive: true })
  })

  it('without style.css is refused at the start, by name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'theme-'))
    await expect(openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_THEME: folder } })).rejects.toThrow(
      `IMAGEDROP_ANNOUNCER_THEME: ${folder} has no style.css`,
    )
    await rm(folder, { recursive: true })
  })
})

it('the page of a drop says which engine built each image, and why no earlier one', async () => {
  await using at = await openAnnouncer()
  const body = withContingency(debianDrop())
  await at.hear(published(body))
  const markup = (await readSite(at.at('.'))).get(`drops/${body.drop}.html`) ?? ''
  expect(markup).toContain('<p>Built by livemedia 38.</p>')
  expect(markup).toContain('koji could not (environment): the hub &lt;x&gt; is offline')
})

/** Another compose of the same day. */
function respin(body: DropPublished, number: number): DropPublished {
  const id = `${body.compose.id.replace(/\d+$/, '')}${String(number)}`
  return { ...body, drop: `weekly-${id}`, compose: { ...body.compose, id, respin: number } }
}

async function inodes(at: TestAnnouncer): Promise<Map<string, number>> {
  const paths = [...(await readSite(at.at('.'))).keys()]
  return new Map(await Promise.all(paths.map(async (path) => [path, (await stat(at.at(path))).ino] as const)))
}
