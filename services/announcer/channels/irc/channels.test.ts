import { describe, expect, it } from 'vitest'
import { imageFailing, published, ready, superseded } from '../../testing/news.ts'
import { body, drop, line, newChannel, spokenIn } from './testing/channels.ts'
import { listenIn } from './testing/listener.ts'
import { openOnIrc } from './testing/networks.ts'
import { useOpenServer } from './testing/open-server.ts'

const server = useOpenServer()

describe('each channel is told what it chose', () => {
  it('as it chose, and other news in other channels', async () => {
    const [users, makers] = [newChannel(), newChannel()]
    await using people = await listenIn(server.url, users)
    await using workers = await listenIn(server.url, makers)
    await using announcer = await openOnIrc({
      test: server.plain({ [users]: {}, [makers]: { tells: ['waiting', 'failed'], as: 'message' } }),
    })
    await announcer.hear(imageFailing(body, 'no package named "cloud-int"'))
    await announcer.hear(ready(body))
    await announcer.hear(published(body))
    await announcer.hear(superseded(body, 'nightly-Debian-12-20260711.1'))
    await people.settle()
    await workers.settle()
    expect(spokenIn(people, users)).toEqual([
      `NOTICE ${users} :${line} (${drop})`,
      `NOTICE ${users} :${drop}: is superseded by nightly-Debian-12-20260711.1`,
    ])
    expect(spokenIn(workers, makers)).toEqual([
      `PRIVMSG ${makers} :${drop}: generic.x86_64 failed at builder (recipe): no package named "cloud-int"`,
      `PRIVMSG ${makers} :${drop}: waits for a blessing: 4 of 4 images passed`,
    ])
  })
})

describe('a channel that will not have us', () => {
  it.each([
    ['bans us', (channel: string) => `MODE ${channel} +b *!*@*`, /JOIN .*474/],
    ['is for the invited', (channel: string) => `MODE ${channel} +i`, /JOIN .*473/],
    ['has a key', (channel: string) => `MODE ${channel} +k open`, /JOIN .*475/],
  ])('as it %s refuses for good, and costs no other its line', async (_why, mode, message) => {
    const [closed, open] = [newChannel(), newChannel()]
    await using owner = await listenIn(server.url, closed)
    await using people = await listenIn(server.url, open)
    owner.send(mode(closed))
    await owner.settle()
    await using announcer = await openOnIrc({ test: server.plain({ [closed]: {}, [open]: {} }) })
    await expect(announcer.hear(published(body))).rejects.toMatchObject({
      name: 'PermanentError',
      failureClass: 'refused',
      message: expect.stringMatching(message),
    })
    await people.settle()
    expect(spokenIn(people, open)).toHaveLength(1)
    expect(spokenIn(owner, closed)).toEqual([])
  })

  it('with a key lets in who has it', async () => {
    const channel = newChannel()
    await using owner = await listenIn(server.url, channel)
    owner.send(`MODE ${channel} +k open`)
    await owner.settle()
    await using announcer = await openOnIrc({ test: server.plain({ [channel]: { key: 'open' } }) })
    await announcer.hear(published(body))
    await owner.settle()
    expect(spokenIn(owner, channel)).toHaveLength(1)
  })
})

it('the longest line arrives whole, with its link, through a server that puts its sender before it', async () => {
  const channel = `${newChannel()}${'x'.repeat(40)}`
  await using people = await listenIn(server.url, channel)
  const tells = ['published', 'withdrawn', 'failed']
  await using announcer = await openOnIrc(
    { test: server.plain({ [channel]: { tells } }) },
    { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org' },
  )
  await announcer.hear(imageFailing(body, '発行 '.repeat(300)))
  await announcer.hear(published(body))
  await announcer.hear(superseded(body, 'Zoë '.repeat(300)))
  await people.settle()
  const heard = people.lines.filter((each) => each.includes(' NOTICE '))
  for (const each of heard) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(510)
  expect(heard[0]).toMatch(/ 発行…$/)
  expect(heard[2]).toMatch(new RegExp(` Zoë… https://cloud\\.example\\.org/drops/${RegExp.escape(drop)}\\.html$`))
})
