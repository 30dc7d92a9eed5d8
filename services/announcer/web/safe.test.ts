import { Readable } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DropPublished } from '#events/drop-published.ts'
import { run } from '#subprocess/run.ts'
import { debianDrop } from '../fixture.ts'
import { linkBelow } from '../story/link.ts'
import { tellStory } from '../story/story.ts'
import { renderFeed } from './feed.ts'
import { html } from './html.ts'
import { renderPage } from './page.ts'

const nasty = `</code><script>alert("x")</script><img src=x onerror='y'>]]>&amp;<!--\u0000\u202E`

/** Halves of surrogate pairs too. */
const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))

/** Every text of the drop that others chose, replaced. */
function withText(text: string): DropPublished {
  const body = debianDrop('20260711', { by: text, path: text })
  return {
    ...body,
    images: body.images.map((image) => ({
      ...image,
      outcome: 'failed',
      checks: image.checks.map((check) => ({ ...check, name: text, detail: text })),
      registrations: image.registrations.map((one) => ({ ...one, place: text, id: text, name: text })),
      failure: { step: text, class: 'bug', reason: text, log: null },
    })),
    files: body.files.map((file) => ({ ...file, path: `${text}/${text}`, sha256: text })),
  }
}

function storyOf(body: DropPublished, base = '../mirror') {
  const story = tellStory(
    { drop: body.drop, published: { at: '2026-07-11T12:00:00.000Z', body }, withdrawn: null },
    linkBelow(base),
  )
  if (!story) throw new Error('a published drop has a story')
  return story
}

async function feedOf(body: DropPublished): Promise<string> {
  const settings = { title: 'Cloud images', domain: 'example.org', pageUrl: 'https://example.org/', entries: 50 }
  return await renderFeed([{ id: 'tag:example.org,2026:drop/x', story: storyOf(body) }], settings)
}

describe('whatever names and reasons hold', () => {
  test('the page has no element or attribute that is not its own', () => {
    const page = renderPage('Cloud images', [storyOf(withText(nasty))])
    const plain = renderPage('Cloud images', [storyOf(withText('x'))])
    const tags = (text: string) => text.match(/<\/?[a-z!][^>]*/gi)?.map((tag) => tag.replace(/"[^"]*"/g, '""'))
    expect(tags(page)).toEqual(tags(plain))
    for (const letter of ['\u0000', '\u202E']) expect(page).not.toContain(letter)
  })

  test('the feed is XML, and what it holds as markup has no element that is not ours', async () => {
    const feed = await feedOf(withText(nasty))
    const texts = await parseFeed(feed)
    expect(texts.length).toBeGreaterThan(0)
    for (const text of texts) expect(text).not.toMatch(/<(script|img|!--)/)
  })

  test('a link stays a path below its base', () => {
    fc.assert(
      fc.property(anyText, (path) => {
        const link = linkBelow('https://example.org/pub')(path)
        expect(link).toMatch(/^https:\/\/example\.org\/pub\/[\w!'()*.~+%/-]*$/)
      }),
    )
    expect(linkBelow('../mirror')('javascript:alert(1)')).toBe('../mirror/javascript%3Aalert(1)')
    expect(linkBelow('../mirror')('../../etc/./passwd')).toBe('../mirror/etc/passwd')
    expect(linkBelow('')('//evil.example.org/x')).toBe('evil.example.org/x')
  })

  test('what is put into markup is read back as the text it was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { markup } = html`${text}`
        expect(markup).not.toMatch(/[<>"']/)
        const back: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
        expect(markup.replace(/&(\w+|#39);/g, (_, name: string) => back[name] ?? '?')).toBe(text)
      }),
    )
  })
})

/** Title, summary and content of every entry, read by a strict XML parser. */
async function parseFeed(feed: string): Promise<string[]> {
  const program = `
import json, sys, xml.dom.minidom
entries = xml.dom.minidom.parse(sys.stdin.buffer).getElementsByTagName('entry')
names = ['title', 'summary', 'content']
print(json.dumps([entry.getElementsByTagName(name)[0].firstChild.data for entry in entries for name in names]))`
  const { stdout } = await run('python3', ['-c', program], { input: Readable.from([Buffer.from(feed)]) })
  return JSON.parse(stdout) as string[]
}
