import { simpleParser } from 'mailparser'
import { expect, it } from 'vitest'
import { debianDrop, withFailure } from '../../testing/drops.ts'
import { dropFailing, imageFailing, published, ready, superseded } from '../../testing/news.ts'
import { openAnnouncer } from '../../testing/open-announcer.ts'
import { openMailServer } from './testing/mail-server.ts'

const { drop } = debianDrop()

/** An announcer with two lists, and what each of them was sent. */
async function openLists(env: Readonly<Record<string, string>> = {}) {
  const server = await openMailServer()
  const announcer = await openAnnouncer({
    env: {
      IMAGEDROP_ANNOUNCER_SMTP_URL: server.url,
      IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
      IMAGEDROP_ANNOUNCER_MAIL_NEWS_TO: 'releng@lists.example.org',
      ...env,
    },
  })
  return {
    announcer,
    to: async (list: string) =>
      await Promise.all(
        server.heard.filter(({ to }) => to.includes(list)).map(async ({ bytes }) => await simpleParser(bytes)),
      ),
    async [Symbol.asyncDispose]() {
      await announcer[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

it('those who bless get the command for it, and which images failed; those who use images nothing', async () => {
  await using lists = await openLists()
  await lists.announcer.hear(ready(withFailure('no package named "cloud-int"')))
  const [mail, ...others] = await lists.to('releng@lists.example.org')
  expect(others).toEqual([])
  expect(mail?.subject).toBe(`[imagedrop] ${drop} waits for a blessing: 3 of 4 images passed`)
  expect(mail?.text).toContain(`\n  imagedrop bless ${drop}\n`)
  expect(mail?.text).toContain('\n  generic.x86_64 FAILED: builder: no package named "cloud-int"\n')
  expect(mail?.text).toContain('\n  ec2.i686 passed\n')
  expect(await lists.to('cloud@lists.example.org')).toEqual([])
})

it('all that happens to a drop is one thread, apart from the announcements; a subject has no reason in it', async () => {
  await using lists = await openLists()
  const reason = 'E: a very long reason '.repeat(10)
  for (const event of [
    imageFailing(debianDrop(), reason),
    dropFailing(debianDrop(), 'disk'),
    published(debianDrop()),
  ]) {
    await lists.announcer.hear(event)
  }
  await lists.announcer.hear(superseded(debianDrop(), 'nightly-Debian-12-20260711.1'))
  const news = await lists.to('releng@lists.example.org')
  expect(news.map(({ subject }) => subject)).toEqual([
    `[imagedrop] ${drop} generic.x86_64 failed at builder (recipe)`,
    `[imagedrop] ${drop} failed at disk (refused)`,
    `[imagedrop] ${drop} is superseded by nightly-Debian-12-20260711.1`,
  ])
  expect(news[0]?.text?.replaceAll(/\s+/g, ' ')).toContain(reason.trim())
  expect(news[0]?.text).toContain(`\n  imagedrop retry ${drop}\n`)
  const thread = `<news.${drop}@imagedrop.localhost>`
  expect(news.map(({ inReplyTo }) => inReplyTo)).toEqual([thread, thread, thread])
  expect(new Set(news.map(({ messageId }) => messageId)).size).toBe(3)
  const [announcement, ...others] = await lists.to('cloud@lists.example.org')
  expect(others).toEqual([])
  expect(announcement?.inReplyTo).toBe('<release.Debian-12@imagedrop.localhost>')
})

it('a list is told what it chose', async () => {
  await using lists = await openLists({ IMAGEDROP_ANNOUNCER_MAIL_NEWS_KINDS: 'failed' })
  await lists.announcer.hear(ready(debianDrop()))
  await lists.announcer.hear(dropFailing(debianDrop(), 'disk'))
  expect(await lists.to('releng@lists.example.org')).toHaveLength(1)
})
