import { streamOpened } from '#events/cadence.ts'
import type { ComposeStatusChanged } from '#events/compose.ts'
import { say } from '#events/define.ts'
import type { Context } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import { streamOf } from './compose/notice.ts'
import { modernise, whyOldIgnored } from './compose/old-message.ts'
import { understandCompose, type Qualified, type UnderstandOptions } from './compose/understand.ts'
import type { ComposeEnvelope, Outcome } from './hears.ts'
import { InvalidMessage } from './intake/message-error.ts'
import { readComposeBody, type ComposeEvent } from './intake/read-message.ts'
import { decideCompose } from './stream/decide-compose.ts'
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
  const body = bodyOf(messageOf(event), new Date(event.time), dependencies)
  const qualified = typeof body === 'string' ? body : await understandCompose(body, dependencies, context.signal)
  if (typeof qualified === 'string') return leave(qualified, request !== null, context)
  const circumstances = { policy: dependencies.policy, now: context.now(), request }
  const { state, events, ignored } = decideCompose(readStreamState(context.state), qualified, circumstances)
  if (ignored !== null) leave(ignored, request !== null && !hasDrop(state.drops, qualified), context)
  const opened = isNew(context.state) ? [say(streamOpened, { stream: streamOf(qualified.compose) })] : []
  return { state, events: [...opened, ...events] }
}

/** What a person asked for and cannot have is an error; a message on the bus is one of many that do not concern us. */
function leave(reason: string, isRequested: boolean, { log, state }: ComposeContext): Outcome {
  if (isRequested) throw new PermanentError('refused', reason)
  log.info({ reason }, 'ignored')
  return { events: [], state: state ?? null }
}

function messageOf(event: ComposeEnvelope): ComposeEvent {
  if (event.subject !== 'drop.requested.v1') return event
  try {
    return readComposeBody(event.body.topic, event.body.message)
  } catch (error) {
    if (!(error instanceof InvalidMessage)) throw error
    throw new PermanentError('refused', error.message, { cause: error })
  }
}

function bodyOf(event: ComposeEvent, said: Date, { policy }: SchedulerDependencies): ComposeStatusChanged | string {
  if (event.subject === 'pungi.compose.status.change') return event.body
  return whyOldIgnored(event.body) ?? modernise(event.body, said, policy)
}

function hasDrop(drops: readonly { compose: string }[], { compose }: Qualified): boolean {
  return drops.some((one) => one.compose === compose.id)
}

function isNew(state: unknown): boolean {
  return state === undefined || state === null
}
