import { defineService, type Context } from '#service/define.ts'
import { decide } from '#drop/decide.ts'
import { readDropState } from '#drop/state.ts'
import { handleCadence } from './handle-cadence.ts'
import { handleStanding } from './handle-standing.ts'
import { handleCompose, type SchedulerDependencies } from './handle-compose.ts'
import { consumes, emits, isCadence, isComposeMessage, isStanding, type Outcome, type SchedulerEvent } from './hears.ts'
import { keyOf } from './key-of.ts'

/**
 * Says which composes become drops, and takes every drop through its states. It alone waits for more than one thing,
 * and it alone has memory: one per stream of composes and one per drop.
 */
export const scheduler = defineService({ name: 'scheduler', consumes, emits, keyOf, handle })

async function handle(
  event: SchedulerEvent,
  dependencies: SchedulerDependencies,
  context: Context & { readonly state: unknown },
): Promise<Outcome> {
  if (isComposeMessage(event)) return await handleCompose(event, dependencies, context)
  if (isCadence(event)) return handleCadence(event, dependencies, context)
  if (isStanding(event)) return handleStanding(event, context)
  const { state, events, ignored } = decide(readDropState(context.state), event)
  if (ignored !== null) context.log.info({ reason: ignored }, 'ignored')
  return { state, events }
}
