import { cadenceReached } from '#events/cadence.ts'
import { say } from '#events/define.ts'
import type { Context } from '#service/define.ts'
import type { SchedulerDependencies } from './handle-compose.ts'
import type { CadenceEnvelope, Outcome } from './hears.ts'
import { releaseOf, streamOf } from './compose/notice.ts'
import { decideCadence } from './stream/decide-cadence.ts'
import { keepCalendar } from './stream/keep-calendar.ts'
import { readKnownStreams } from './stream/keys.ts'
import { readStreamState } from './stream/state.ts'

/** Remembers which streams there are, those of planned milestones too, passes the time on to each, and does for one what is due. */
export function handleCadence(
  event: CadenceEnvelope,
  { policy }: SchedulerDependencies,
  { state, now, log }: Context & { readonly state: unknown },
): Outcome {
  if (event.subject === 'cadence.reached.v1' && event.body.stream !== null) {
    const circumstances = { policy, now: now() }
    const { ignored, ...decided } = decideCadence(readStreamState(state), circumstances)
    if (ignored !== null) log.info({ reason: ignored }, 'ignored')
    return keepCalendar(decided, { release: releaseOf(event.body.stream), ...circumstances })
  }
  const streams = readKnownStreams(state)
  if (event.subject === 'stream.opened.v1') {
    return { events: [], state: { streams: [...new Set([...streams, event.body.stream])] } }
  }
  const { time } = event.body
  const all = [...new Set([...streams, ...policy.milestones.map(streamOf)])]
  return { events: all.map((stream) => say(cadenceReached, { time, stream })), state: { streams: all } }
}
