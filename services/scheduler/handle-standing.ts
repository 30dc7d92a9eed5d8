import type { Context } from '#service/define.ts'
import type { Outcome, StandingEnvelope } from './hears.ts'
import { readStreamState } from './stream/state.ts'

/** Notes in a stream that one of its drops is open now, or over: retention goes by it. */
export function handleStanding(event: StandingEnvelope, { state }: Context & { readonly state: unknown }): Outcome {
  const stream = readStreamState(state)
  // A stream that was never seen is not begun by the end of one of its drops.
  if (!stream.drops.some(({ drop }) => drop === event.body.drop)) return { events: [], state: state ?? null }
  const standing = event.subject === 'drop.published.v1' ? 'open' : 'over'
  const drops = stream.drops.map((one) =>
    // What is over stays over, in whatever order it is heard.
    one.drop === event.body.drop && one.standing !== 'over' ? { ...one, standing } : one,
  )
  return { events: [], state: { ...stream, drops } }
}
