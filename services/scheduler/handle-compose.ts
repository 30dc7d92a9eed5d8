import { streamOpened } from '#events/cadence.ts'
import { say } from '#events/define.ts'
import type { Context } from '#service/define.ts'
import { readComposeBody } from './compose/compose-event.ts'
import { streamOf } from './compose/notice.ts'
import { Refused } from './compose/refused.ts'
import { understandCompose, type Qualified, type UnderstandOptions } from './compose/understand.ts'
import type { ComposeEnvelope, Outcome } from './hears.ts'
import { decideCompose } from './stream/decide-compose.ts'
import { keepCalendar } from './stream/keep-calendar.ts'
import { readStreamState } from './stream/state.ts'

export type SchedulerDependencies = UnderstandOptions
type ComposeContext = Context & { readonly state: unknown }

/** Takes in a compose message: completes it, says what it is, and gives it its drop. */
export async function handleCompose(
  event: ComposeEnvelope,
  dependencies: SchedulerDependencies,
  context: ComposeContext,
): Promise<Outcome> {
  const request = event.subject === 'drop.requested.v1' ? { images: event.body.images } : null
  const message = event.subject === 'drop.requested.v1' ? readComposeBody(event.body.topic, event.body.message) : event
  const qualified = await understandCompose(message, new Date(event.time), dependencies, context.signal)
  if ('ignored' in qualified) return leave(qualified.ignored, request !== null, context)
  const circumstances = { policy: dependencies.policy, now: context.now(), request }
  const decided = decideCompose(readStreamState(context.state), qualified, circumstances)
  const { state, events } = keepCalendar(decided, { release: qualified.compose, ...circumstances })
  const { ignored } = decided
  if (ignored !== null) leave(ignored, request !== null && !hasDrop(state.drops, qualified), context)
  const opened = isNew(context.state) ? [say(streamOpened, { stream: streamOf(qualified.compose) })] : []
  return { state, events: [...opened, ...events] }
}

/** What a person asked for and cannot have is refused; a message on the bus is one of many that do not concern us. */
function leave(reason: string, isRequested: boolean, { log, state }: ComposeContext): Outcome {
  if (isRequested) throw new Refused('message', null, reason)
  log.info({ reason }, 'ignored')
  return { events: [], state: state ?? null }
}

function hasDrop(drops: readonly { compose: string }[], { compose }: Qualified): boolean {
  return drops.some((one) => one.compose === compose.id)
}

function isNew(state: unknown): boolean {
  return state === undefined || state === null
}
