import { describe, expect, it } from 'vitest'
import { provideNgircd } from '#test/brokers/ngircd.ts'
import { debianDrop } from '../../testing/drops.ts'
import { published } from '../../testing/news.ts'
import { body, newChannel, spokenIn } from './testing/channels.ts'
import { listenIn } from './testing/listener.ts'
import { openOnIrc } from './testing/networks.ts'
import { useOpenServer } from './testing/open-server.ts'

const server = useOpenServer()

it('a nick in use becomes another', async () => {
  const channel = newChannel()
  await using people = await listenIn(server.url, channel, 'imagedrop')
  await using _other = await listenIn(server.url, channel, 'imagedro2')
  await using announcer = await openOnIrc({ test: server.plain({ [channel]: {} }) })
  await announcer.hear(published(body))
  expect(await people.hear(/^:imagedro.* NOTICE /)).toMatch(/^:imagedro3!/)
})

describe('who comes and goes', () => {
  it('comes when there is something to say, says all of it, and goes', async () => {
    const [one, other] = [newChannel(), newChannel()]
    await using people = await listenIn(server.url, `${one},${other}`)
    await people.hear(new RegExp(` 366 .*${other}`))
    await using announcer = await openOnIrc({ test: server.plain({ [one]: {}, [other]: {} }) })
    await using _running = announcer.stay()
    await announcer.hear(published(body))
    await people.hear(/ QUIT /)
    const happened = people.lines.filter((each) => each.startsWith(':imagedro')).map((each) => each.split(' ')[1])
    expect(happened).toEqual(['JOIN', 'NOTICE', 'JOIN', 'NOTICE', 'QUIT'])
  })
})

describe('who stays', () => {
  it('is there before anything is said, goes when the process stops, and says what is left even then', async () => {
    const channel = newChannel()
    await using people = await listenIn(server.url, channel)
    await using announcer = await openOnIrc({ test: { ...server.plain({ [channel]: {} }), stays: true } })
    {
      await using _staying = announcer.stay()
      await people.hear(/^:imagedro\S+ JOIN /)
      await announcer.hear(published(body))
      await announcer.hear(published(debianDrop('20260712')))
      await people.settle()
      expect(people.lines.filter((each) => / (JOIN|QUIT) /.test(each) && each.startsWith(':imagedro'))).toHaveLength(1)
    }
    await people.hear(/ QUIT /)
    await announcer.hear(published(debianDrop('20260713')))
    expect(spokenIn(people, channel)).toHaveLength(3)
  })

  it('comes back to a server that was away, and into a channel that it was put out of when it has something to say', async () => {
    const channel = newChannel()
    await using away = await provideNgircd()
    await using announcer = await openOnIrc({ test: { server: away.url, stays: true, channels: { [channel]: {} } } })
    {
      await using _staying = announcer.stay()
      {
        await using before = await listenIn(away.url, channel)
        await before.hear(/^:imagedrop!\S+ JOIN |353 .*imagedrop/)
      }
      await away.restart()
      await using people = await listenIn(away.url, channel)
      await people.hear(/^:imagedrop!\S+ JOIN |353 .*imagedrop/)
      people.send(`KICK ${channel} imagedrop`)
      await people.hear(/ KICK /)
      await announcer.hear(published(body))
      await people.settle()
      expect(spokenIn(people, channel)).toHaveLength(1)
    }
  })
})
