import { provideNgircd } from '#test/brokers/ngircd.ts'
import type { Server } from '#test/brokers/server.ts'
import type { OpenAudience } from '../../../testing/audience.ts'
import { kinds } from '../../../story/news.ts'
import { writeSettings } from '../../../testing/settings-folder.ts'
import { listenIn } from './listener.ts'

/** All audiences of a test's file are in channels of one server, which ends a while after the last has gone. */
let server: Promise<Server> | null = null
let audiences = 0

/** People in a channel of an IRC server. */
export const openAudience: OpenAudience = async () => {
  const { url } = await (server ??= provideNgircd())
  audiences += 1
  const channel = `#cloud-${crypto.randomUUID().slice(0, 8)}`
  const listener = await listenIn(url, channel)
  const flood = { lines: 100, seconds: 0 }
  const networks = { test: { server: url, flood, channels: { [channel]: { tells: kinds } } } }
  const settings = await writeSettings({ networks })
  return {
    chose: kinds,
    env: { IMAGEDROP_ANNOUNCER_IRC_FILE: settings.file },
    async heard(drop) {
      await listener.settle()
      const said = listener.lines.map((line) => spoken.exec(line)?.groups).filter((one) => one !== undefined)
      const ofDrop = said.filter(({ text = '' }) => text.includes(drop))
      const frame = [
        `${String(new Set(said.map(({ text }) => text)).size)} lines`,
        ...said.map(({ command = '' }) => command),
      ]
      return ofDrop.map(({ text = '' }) => ({ text, frame: [...new Set(frame)] }))
    },
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      await settings[Symbol.asyncDispose]()
      audiences -= 1
      if (audiences === 0) setTimeout(stopIfIdle, 2_000)
    },
  }
}

const spoken = /^:\S+ (?<command>NOTICE|PRIVMSG|TOPIC|KICK|MODE|NICK|INVITE) #\S+ :?(?<text>.*)$/

function stopIfIdle(): void {
  if (audiences > 0 || server === null) return
  const idle = server
  server = null
  void idle.then((one) => one[Symbol.asyncDispose]())
}
