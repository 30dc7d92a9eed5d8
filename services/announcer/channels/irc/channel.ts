import { z } from 'zod'
import { lineOfNews, lineOfStory, type Line } from '../../story/line.ts'
import type { Kind } from '../../story/news.ts'
import type { Subject } from '../../deliveries.ts'
import { defineChannel } from '../channel.ts'
import type { Saying } from './connection.ts'
import { fit } from './fit.ts'
import { createNetwork, type Network } from './network.ts'
import { readIrcSettings, type Destination } from './settings.ts'

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
    const places = networks.flatMap(({ network, server, destinations }) =>
      destinations.flatMap((destination) => placesOf(destination, network, server.name)),
    )

    async function tellAll(about: Subject, kind: Kind, line: Line, signal: AbortSignal): Promise<Place[]> {
      const wanted = places.filter(({ tells }) => tells.includes(kind))
      const byName = new Map(wanted.map((place) => [place.name, place]))
      const releases = [...new Set(wanted.map(({ network }) => network))].map((network) => network.hold())
      const say = async (name: string) => {
        const place = byName.get(name)
        if (!place) return
        // A topic that is about something else by now stays.
        const isOver = place.as === 'TOPIC' && kind === 'withdrawn'
        if (isOver && !(await place.network.topicOf(place, signal)).includes(about.drop)) return
        await place.network.say({ ...place, text: fit(line, place) }, signal)
      }
      try {
        await deliverOnce(about, [...byName.keys()], say, signal)
      } finally {
        await Promise.all(releases.map((release) => release()))
      }
      return wanted
    }

    return {
      async tell(story, signal) {
        const told = await tellAll(story, 'published', lineOfStory(story, pageUrl), signal)
        return told.map(({ name }) => ({ to: name, id: story.drop }))
      },
      preview(story) {
        const wanted = places.filter(({ tells }) => tells.includes('published'))
        const line = lineOfStory(story, pageUrl)
        return Promise.resolve(wanted.map((place) => `${place.name}: ${place.as} ${fit(line, place)}\n`).join(''))
      },
      // What was said stays said; that the drop was withdrawn is said by `report`.
      withdraw: () => Promise.resolve(),
      async report(news, signal) {
        await tellAll(news, news.kind, lineOfNews(news, pageUrl), signal)
      },
      async background(signal, log) {
        const staying = networks.filter(({ stays }) => stays)
        await Promise.all(staying.map(({ network, destinations }) => network.stay(destinations, signal, log)))
      },
    }
  },
})

/** Where something is said: in a channel, or as its topic. */
interface Place extends Omit<Saying, 'text'> {
  /** `libera/#fedora-cloud`: what it is called in notes and events. */
  readonly name: string
  readonly network: Network
  readonly tells: readonly Kind[]
}

function placesOf({ channel, key, tells, as, topic }: Destination, network: Network, networkName: string): Place[] {
  const name = `${networkName}/${channel}`
  const said: Place = { name, network, channel, key, tells, as }
  if (!topic) return [said]
  // A topic is for what stays true: what there is, or is no more.
  const lasting = tells.filter((kind) => kind === 'published' || kind === 'withdrawn')
  return [said, { ...said, name: `${name} (topic)`, as: 'TOPIC', tells: lasting }]
}
