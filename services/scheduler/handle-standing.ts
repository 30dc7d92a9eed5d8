import { imageKey, type DropImage } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'
import type { Outcome, StandingEnvelope } from './hears.ts'
import { compareAge } from './stream/age.ts'
import { readStreamState, type DropRecord } from './stream/state.ts'

/** Notes in a stream that one of its drops is open now, or over: retention goes by it, and what later drops are compared with. */
export function handleStanding(event: StandingEnvelope, { state }: Context & { readonly state: unknown }): Outcome {
  const stream = readStreamState(state)
  // A stream that was never seen is not begun by the end of one of its drops.
  const told = stream.drops.find(({ drop }) => drop === event.body.drop)
  if (!told) return { events: [], state: state ?? null }
  // What is over stays over, in whatever order it is heard.
  const standing = event.subject !== 'drop.published.v1' || told.standing === 'over' ? 'over' : 'open'
  const madeOf = event.subject === 'drop.published.v1' ? inputsOf(event.body.images) : undefined
  const heard = { ...told, standing, ...(madeOf && { madeOf }) } as const
  return {
    events: [],
    state: { ...stream, drops: keepNewest(stream.drops.map((one) => (one === told ? heard : one))) },
  }
}

/** What the images were made of; undefined unless that is known of all. */
function inputsOf(images: readonly DropImage[]): DropRecord['madeOf'] {
  const known = images.flatMap(({ image, outcome, packages, evidence }) =>
    outcome === 'passed' && packages && evidence?.inputs
      ? [{ image: imageKey(image), inputs: evidence.inputs, packages }]
      : [],
  )
  return known.length === images.length ? known : undefined
}

/** Drops are compared with the newest open one of their kind alone: of the others nobody needs to know what they were made of. */
function keepNewest(drops: readonly DropRecord[]): DropRecord[] {
  const open = drops.filter(({ standing }) => standing === 'open').toSorted(compareAge)
  return drops.map((one) => {
    if (one === open.findLast(({ kind }) => kind === one.kind)) return one
    const { madeOf: _madeOf, ...others } = one
    return others
  })
}
