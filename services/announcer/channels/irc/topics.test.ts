import { describe, expect, it } from 'vitest'
import { debianDrop } from '../../testing/drops.ts'
import { published, superseded } from '../../testing/news.ts'
import { body, drop, line, newChannel, spokenIn } from './testing/channels.ts'
import { listenIn } from './testing/listener.ts'
import { openOnIrc } from './testing/networks.ts'
import { useOpenServer } from './testing/open-server.ts'

const server = useOpenServer()

describe('a topic', () => {
  it('is the newest published drop, and says when that is withdrawn, but is left alone when it is about something else', async () => {
    const channel = newChannel()
    await using owner = await listenIn(server.url, channel)
    await using announcer = await openOnIrc({ test: server.plain({ [channel]: { topic: true } }) })
    const topics = async () => {
      await owner.settle()
      return spokenIn(owner, channel)
        .filter((each) => each.startsWith('TOPIC'))
        .map((each) => each.slice(`TOPIC ${channel} :`.length))
    }
    await announcer.hear(published(body))
    await announcer.hear(published(body))
    expect(await topics()).toEqual([`${line} (${drop})`])
    await announcer.hear(superseded(body, 'somebody'))
    expect(await topics()).toEqual([`${line} (${drop})`, `${drop}: is superseded by somebody`])
    owner.send(`TOPIC ${channel} :about something else`)
    await announcer.hear(superseded(body, 'somebody'))
    const next = debianDrop('20260712')
    await announcer.hear(published(next))
    owner.send(`TOPIC ${channel} :about something else`)
    await owner.settle()
    await announcer.hear(superseded(next, 'somebody'))
    expect((await topics()).slice(2)).toEqual([
      'about something else',
      `Debian 12 cloud images 20260712 (nightly): 4 of 4 images passed (${next.drop})`,
      'about something else',
    ])
  })
})

it('a topic that only operators may set is refused for good, and costs nobody the line', async () => {
  const channel = newChannel()
  await using owner = await listenIn(server.url, channel)
  owner.send(`MODE ${channel} +t`)
  await owner.settle()
  await using announcer = await openOnIrc({ test: server.plain({ [channel]: { topic: true } }) })
  for (let time = 0; time < 2; time += 1) {
    await expect(announcer.hear(published(body))).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/TOPIC .*482/),
    })
  }
  await owner.settle()
  expect(spokenIn(owner, channel)).toHaveLength(1)
})
