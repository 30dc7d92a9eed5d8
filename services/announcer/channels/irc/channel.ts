import { z } from 'zod'
import { tellDestinations, type Destination } from '../destinations.ts'
import { lineOf } from '../../story/line.ts'
import type { Telling } from '../../story/telling.ts'
import { defineChannel } from '../channel.ts'
import type { Saying } from './connection.ts'
import { fit } from './fit.ts'
import { createNetwork, type Network } from './network.ts'
import { readIrcSettings, type IrcChannel } from './settings.ts'

/** A line in channels of IRC networks, each with what it wants to be told. */
export const channel = defineChannel({
  settings: { ircFile: z.string().nullable().default(null) },
  kind: 'message',
  open({ ircFile }, { pageUrl, deliverOnce }) {
    if (ircFile === null) return null
    const networks = readIrcSettings(ircFile).map((settings) => ({
      ...settings,
      network: createNetwork(settings.server),
    }))
    const places = networks.flatMap(({ network, server, channels }) =>
      channels.flatMap((one) => placesOf(one, network, server.name)),
    )

    const textFor = (telling: Telling, place: Place) => fit(lineOf(telling, pageUrl), place)
    const told = tellDestinations({
      places,
      deliverOnce,
      idOf: ({ drop }) => drop,
      show: (telling, place) => `${place.as} ${textFor(telling, place)}`,
      async send(telling, place, signal) {
        // A topic that is about something else by now stays.
        const isOver = place.as === 'TOPIC' && telling.kind === 'withdrawn'
        if (isOver && !(await place.network.topicOf(place, signal)).includes(telling.drop)) return
        await place.network.say({ ...place, text: textFor(telling, place) }, signal)
      },
    })

    /** All that there is to say on a network is said over one connection. */
    async function holding<Result>(work: () => Promise<Result>): Promise<Result> {
      const releases = networks.map(({ network }) => network.hold())
      try {
        return await work()
      } finally {
        await Promise.all(releases.map((release) => release()))
      }
    }

    return {
      ...told,
      tell: (story, signal) => holding(() => told.tell(story, signal)),
      report: (news, signal) => holding(() => told.report(news, signal)),
      async background(signal, log) {
        const staying = networks.filter(({ stays }) => stays)
        await Promise.all(staying.map(({ network, channels }) => network.stay(channels, signal, log)))
      },
    }
  },
})

/** Where something is said: in a channel, or as its topic. */
interface Place extends Destination, Omit<Saying, 'text'> {
  readonly network: Network
}

function placesOf({ channel, key, tells, as, topic }: IrcChannel, network: Network, networkName: string): Place[] {
  const name = `${networkName}/${channel}`
  const said: Place = { name, network, channel, key, tells, as }
  if (!topic) return [said]
  // A topic is for what stays true: what there is, or is no more.
  const lasting = tells.filter((kind) => kind === 'published' || kind === 'withdrawn')
  return [said, { ...said, name: `${name} (topic)`, as: 'TOPIC', tells: lasting }]
}
