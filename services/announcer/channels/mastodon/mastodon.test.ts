import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { debianDrop } from '../../testing/drops.ts'
import { dropFailing, published } from '../../testing/news.ts'
import { openWithSettings } from '../../testing/open-with-settings.ts'
import { statusOf } from './status.ts'
import { openMastodon } from './testing/mastodon.ts'

const body = debianDrop()

/** Opens an announcer with an account of a Mastodon server. */
async function openOnMastodon(server: string, token = 'right') {
  return await openWithSettings({
    variable: 'IMAGEDROP_ANNOUNCER_MASTODON_FILE',
    content: { accounts: { images: { server, tokenFile: 'token', tells: ['published', 'failed'] } } },
    files: { token },
    env: { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org' },
  })
}

it('a post is what its server takes: short enough, with its link whole, and calls nobody whom others named', async () => {
  await using mastodon = await openMastodon('right')
  await using announcer = await openOnMastodon(mastodon.url)
  await announcer.hear(published(body))
  await announcer.hear(dropFailing(body, '@everyone 発行 #images '.repeat(60)))
  expect(mastodon.posts).toEqual([
    `Debian 12 cloud images 20260711 (nightly): 4 of 4 images passed\nhttps://cloud.example.org/drops/${body.drop}.html`,
    expect.stringMatching(/…$/),
  ])
  expect(mastodon.posts[1]).not.toMatch(/[@#]\w/)
  const [text = '', link] = statusOf({ text: 'x'.repeat(600), link: `https://${'y'.repeat(600)}` }, 500).split('\n')
  expect([text.length, link?.length]).toEqual([500 - 24, 608])
})

it('nobody is told twice, also when it was not noted that they were told', async () => {
  await using mastodon = await openMastodon('right')
  await using announcer = await openOnMastodon(mastodon.url)
  await announcer.hear(published(body))
  await rm(join(announcer.state, 'announcer', 'deliveries'), { recursive: true })
  await announcer.hear(published(body))
  expect(mastodon.heard).toHaveLength(2)
  expect(mastodon.posts).toHaveLength(1)
})

it('a token that is not known is refused for good', async () => {
  await using mastodon = await openMastodon('right')
  await using announcer = await openOnMastodon(mastodon.url, 'wrong')
  await expect(announcer.hear(published(body))).rejects.toMatchObject({
    name: 'PermanentError',
    message: expect.stringMatching(/^mastodon: images: 401: .*The access token is invalid/),
  })
})
