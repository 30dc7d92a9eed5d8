import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DropAnnounced } from '#events/drop-announced.ts'
import { channelContract } from './channels/channel.contract.ts'
import { findChannels } from './channels/find-channels.ts'
import { debianDrop } from './testing/drops.ts'
import { published } from './testing/news.ts'
import { openAnnouncer, ownChannels } from './testing/open-announcer.ts'

const readme = await readFile(join(import.meta.dirname, 'README.md'), 'utf8')
const madeUp = join(import.meta.dirname, 'testing', 'channels')

for (const channel of await findChannels([madeUp])) channelContract(channel)

it('a channel of a further folder, as the README has it, tells with the others and changes no other file', async () => {
  const source = await readFile(join(madeUp, 'bulletin', 'channel.ts'), 'utf8')
  expect(readme).toContain(source.replace('../../../channels/channel.ts', '../channel.ts'))
  await using announcer = await openAnnouncer({ roots: [ownChannels, madeUp, join(madeUp, 'not-there')] })
  const channelsOf = (body: unknown) => (body as DropAnnounced).told.map(({ channel }) => channel)
  const [without] = await announcer.hear(published(debianDrop()))
  expect(channelsOf(without?.body)).toEqual(['feed', 'file', 'page'])
  await using withBulletin = await openAnnouncer({
    roots: [ownChannels, madeUp],
    env: { IMAGEDROP_ANNOUNCER_BULLETIN_FILE: join(announcer.state, 'bulletin.txt') },
  })
  const [event] = await withBulletin.hear(published(debianDrop()))
  expect(channelsOf(event?.body)).toEqual(['feed', 'file', 'page', 'bulletin'])
})

it('two folders with one channel are refused', async () => {
  await expect(findChannels([ownChannels, ownChannels])).rejects.toThrow(
    /the channel feed is in two folders: .*feed and/,
  )
})

it('the mail of the README is the mail of that drop', async () => {
  const env = {
    IMAGEDROP_ANNOUNCER_DOMAIN: 'images.example.org',
    IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
    IMAGEDROP_ANNOUNCER_MIRROR_URL: 'https://download.example.org/pub',
  }
  await using announcer = await openAnnouncer({ env })
  const body = debianDrop()
  await announcer.hear(published(body))
  const mail = await readFile(announcer.at(`${body.drop}.eml`), 'utf8')
  // The formatter takes the blank after the dashes of the signature.
  expect(readme).toContain(mail.replaceAll(/ ?\r\n/g, '\n'))
})
