import { cadenceReached } from '#events/cadence.ts'
import { say } from '#events/define.ts'
import type { Context } from '#service/define.ts'
import type { SchedulerDependencies } from './handle-compose.ts'
import type { CadenceEnvelope, Outcome } from './hears.ts'
import { decideCadence } from './stream/decide-cadence.ts'
import { readKnownStreams } from './stream/keys.ts'
import { readStreamState } from './stream/state.ts'

/** Remembers which streams there are, passes the time on to each, and does for one what is due. */
export function handleCadence(
  event: CadenceEnvelope,
  { policy }: SchedulerDependencies,
  { state, now, log }: Context & { readonly state: unknown },
): Outcome {
  if (event.subject === 'cadence.reached.v1' && event.body.stream !== null) {
    const { ignored, ...decision } = decideCadence(readStreamState(state), { policy, now: now() })
    if (ignored !== null) log.info({ reason: ignored }, 'ignored')
    return decision
  }
  const streams = readKnownStreams(state)
  if (event.subject === 'stream.opened.v1') {
    return { events: [], state: { streams: [...new Set([...streams, event.body.stream])] } }
  }
  const { time } = event.body
  return { events: streams.map((stream) => say(cadenceReached, { time, stream })), state: { streams } }
}
