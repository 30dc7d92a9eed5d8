import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { debianDrop } from '../../testing/drops.ts'
import { openHttpServer } from '../../testing/http-server.ts'
import { imageFailing, published, superseded } from '../../testing/news.ts'
import { openWithSettings } from '../../testing/open-with-settings.ts'
import { openHomeserver } from './testing/homeserver.ts'

const body = debianDrop()
const [users, makers] = ['#cloud:example.org', '!makers:example.org'] as const

/** Opens an announcer with an account of a homeserver. */
async function openOnMatrix(server: string, token = 'right') {
  const rooms = { [users]: {}, [makers]: { tells: ['failed'], as: 'message' } }
  return await openWithSettings({
    variable: 'IMAGEDROP_ANNOUNCER_MATRIX_FILE',
    content: { server, tokenFile: 'token', rooms },
    files: { token },
    env: { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org' },
  })
}

const openServer = () => openHomeserver('right', { [users]: '!users:example.org', makers })

it('each room is told what it chose, with a link to follow, and no markup or mention that others wrote', async () => {
  await using homeserver = await openServer()
  await using announcer = await openOnMatrix(homeserver.url)
  await announcer.hear(imageFailing(body, '<b>@room</b>'))
  await announcer.hear(published(body))
  await announcer.hear(superseded(body, '<script>'))
  const link = `https://cloud.example.org/drops/${body.drop}.html`
  expect(homeserver.messages).toMatchObject([
    { room: makers, body: expect.stringContaining('<b>@room</b>'), formatted: null },
    { room: '!users:example.org', body: expect.stringMatching(new RegExp(`4 of 4 images passed ${link}$`)) },
    {
      room: '!users:example.org',
      formatted: expect.stringMatching(new RegExp(`^<a href="${link}">.*&lt;script&gt;</a>$`)),
    },
  ])
})

it('nobody is told twice, also when it was not noted that they were told', async () => {
  await using homeserver = await openServer()
  await using announcer = await openOnMatrix(homeserver.url)
  await announcer.hear(published(body))
  await rm(join(announcer.state, 'announcer', 'deliveries'), { recursive: true })
  await announcer.hear(published(body))
  expect(homeserver.heard.filter(({ method }) => method === 'PUT')).toHaveLength(2)
  expect(homeserver.messages).toHaveLength(1)
})

it('a token that is not known, a room that is none, and an address that is no homeserver are refused for good', async () => {
  await using homeserver = await openServer()
  await using stranger = await openOnMatrix(homeserver.url, 'wrong')
  const refused = { name: 'PermanentError', failureClass: 'refused' }
  await expect(stranger.hear(published(body))).rejects.toMatchObject({
    ...refused,
    message: expect.stringMatching(/^matrix: #cloud:example\.org: join: 401: .*M_UNKNOWN_TOKEN/),
  })
  await using nowhere = await openHomeserver('right', {})
  await using lost = await openOnMatrix(nowhere.url)
  await expect(lost.hear(published(body))).rejects.toMatchObject(refused)
  await using website = await openHttpServer(() => ({ status: 200, body: 'welcome' }))
  await using astray = await openOnMatrix(website.url)
  await expect(astray.hear(published(body))).rejects.toThrow('what answers there is no homeserver')
})
