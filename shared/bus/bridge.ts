import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Envelope } from '#events/envelope.ts'
import { InvalidEvent } from '#events/parse.ts'
import { createCrossings, type Crossings } from './crossings.ts'
import { NotPublished, type Bus } from './bus.ts'

/** Between which buses, and what. */
export interface BridgeOptions {
  readonly from: Bus
  readonly to: Bus
  /** What is carried, and nothing else. */
  readonly subjects: readonly string[]
  readonly log: Logger
  /** The name of the inbox on the one side; several processes of one name share the work. */
  readonly service?: string
  /** Share one between two bridges in opposite directions, and nothing that one carried comes back by the other. */
  readonly crossings?: Crossings
}

const retry = { first: 200, longest: 15_000 }

/**
 * Carries events from one bus to another, each with its own id, so that whoever hears it twice knows. An event is
 * acknowledged on the one side when the other has confirmed it. While the other side takes nothing at all, events wait;
 * what it refuses goes the way of all events that cannot be kept: some tries, then this side's dead letters. Disposing
 * of it finishes what is being carried.
 */
export async function bridge(options: BridgeOptions): Promise<AsyncDisposable> {
  const { from, to, subjects, log, service = 'bridge', crossings = createCrossings() } = options
  if (from === to) throw new Error('bridge: expected two buses, got one twice')
  const closing = new AbortController()
  const ended = AbortSignal.any([closing.signal, to.givenUp])

  async function carry(events: readonly Envelope[]): Promise<void> {
    const due = events.filter(({ id }) => crossings.begin(id, from))
    let stranded = new Set(due.map(({ id }) => id))
    try {
      if (due.length > 0) await publishWhenTaken(due)
      stranded = new Set()
    } catch (error) {
      if (error instanceof NotPublished) stranded = new Set(error.reasons.keys())
      throw error
    } finally {
      for (const { id } of due) crossings.end(id, { across: !stranded.has(id) })
    }
    log.debug({ service, carried: due.length, passed: events.length - due.length }, 'emitted')
  }

  async function publishWhenTaken(events: readonly Envelope[]): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        await to.publish(events)
        return
      } catch (error) {
        if (error instanceof NotPublished || error instanceof InvalidEvent || ended.aborted) throw error
        log.warn({ service, failures, reason: error instanceof Error ? error.message : String(error) }, 'not carried')
        const pause = Math.min(retry.longest, retry.first * 2 ** (failures - 1)) * (0.5 + Math.random() / 2)
        await sleep(pause, undefined, { signal: ended }).catch(() => {})
      }
    }
  }

  const subscription = await from.subscribe({ service, subjects, deliver: carry })
  return {
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the bridge closes'))
      await subscription[Symbol.asyncDispose]()
    },
  }
}
