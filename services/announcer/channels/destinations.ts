import { z } from 'zod'
import type { Channel } from './channel.ts'
import type { DeliverOnce } from '../deliveries.ts'
import { kinds, type Kind } from '../story/news.ts'
import type { Story } from '../story/story.ts'
import type { Telling } from '../story/telling.ts'

/** Where something is told, and what is wanted there. */
export interface Destination {
  /** What it is called in notes, events and messages: `libera/#fedora-cloud`. */
  readonly name: string
  readonly tells: readonly Kind[]
}

/** The key `tells` of a destination in a file of settings. */
export const tells = z.array(z.enum(kinds)).min(1).default(['published', 'withdrawn'])

interface Means<Place extends Destination> {
  readonly places: readonly Place[]
  readonly deliverOnce: DeliverOnce
  /** By what people find there what they were told. */
  readonly idOf: (telling: Telling) => string
  /** What is sent there, as people would read it. */
  readonly show: (telling: Telling, place: Place) => string
  readonly send: (telling: Telling, place: Place, signal: AbortSignal) => Promise<void>
}

/** A channel that sends a message to each destination that wants it. */
export function tellDestinations<Place extends Destination>(
  means: Means<Place>,
): Required<Omit<Channel, 'background' | 'show' | 'renew'>> {
  const { places, deliverOnce, idOf, show, send } = means

  const placesFor = ({ kind }: Telling) => places.filter((one) => one.tells.includes(kind))
  const tellingOf = (story: Story): Telling => ({ kind: 'published', drop: story.drop, story })

  async function tell(telling: Telling, signal: AbortSignal): Promise<string[]> {
    const wanted = new Map(placesFor(telling).map((one) => [one.name, one]))
    const names = [...wanted.keys()]
    const sendTo = async (name: string) => {
      const place = wanted.get(name)
      if (place) await send(telling, place, signal)
    }
    await deliverOnce(telling, names, sendTo, signal)
    return names
  }

  return {
    async tell(story, signal) {
      const telling = tellingOf(story)
      return (await tell(telling, signal)).map((to) => ({ to, id: idOf(telling) }))
    },
    // A message cannot be taken back; that the drop was withdrawn is news of its own.
    withdraw: () => Promise.resolve(),
    async report(news, signal) {
      await tell(news, signal)
    },
    preview(story) {
      const telling = tellingOf(story)
      return Promise.resolve(
        placesFor(telling)
          .map((one) => `${one.name}: ${show(telling, one)}\n`)
          .join(''),
      )
    },
  }
}
