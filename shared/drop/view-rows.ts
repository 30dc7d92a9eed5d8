import type { DropScheduled } from '#events/drop-scheduled.ts'
import { ownEvents } from '#events/index.ts'
import { imageKey, type Publisher } from '#events/vocabulary.ts'
import type { Step } from '#service/step.ts'

/** One line of what people see: a step on one image, or (null) on the whole drop. */
export interface Row {
  readonly service: string
  readonly image: string | null
  readonly verb: string
  readonly waits: string
  /** The target of a publisher's row. */
  readonly target: string | null
}

/** The rows of a plan: its images with their steps, then the steps of the whole drop, in the order of the pipeline. */
export function rowsOf(plan: DropScheduled, steps: readonly Step[]): Row[] {
  const places = steps.filter(({ publishes }) => publishes === undefined)
  const publishers = plan.publishers.map((one) => ({ ...one, ...wordsOf(one, steps) }))
  const uploads = publishers.filter(({ after }) => after === 'tests')
  return [
    ...plan.images.flatMap((image) => [
      ...places.filter((step) => step.of === 'image').map((step) => row(step, imageKey(image))),
      ...uploads
        .filter(({ target }) => image.targets.includes(target))
        .map((one) => row(one, imageKey(image), one.target)),
    ]),
    ...[
      ...places.filter((step) => step.of === 'drop').map((step) => ({ ...step, target: null })),
      ...publishers.map((one) => ({ ...one, ...publication[one.after] })),
    ]
      .toSorted((one, other) => placeOf(one.follows) - placeOf(other.follows))
      .map((one) => row(one, null, one.target)),
  ]
}

/** When publishers make public what they have: with the blessing, when the mirror is open, or when all is published. */
const publication = {
  tests: { follows: 'drop.blessed.v1', waits: 'waits for the gate' },
  mirror: { follows: 'drop.mirrored.v1', waits: 'waits for the mirror' },
  publication: { follows: 'drop.published.v1', waits: 'comes after the publication' },
} as const

/** A publisher of an older plan may be gone: then its target speaks for it. */
function wordsOf({ service, target }: Publisher, steps: readonly Step[]): Pick<Step, 'verb' | 'waits'> {
  const step = steps.find((one) => one.service === service)
  return { verb: step?.verb ?? target, waits: step?.waits ?? '' }
}

function row(
  { service, verb, waits }: Pick<Row, 'service' | 'verb' | 'waits'>,
  image: string | null,
  target: string | null = null,
): Row {
  return { service, image, verb, waits, target }
}

function placeOf(subject: string): number {
  return ownEvents.findIndex((event) => event.subject === subject)
}
