import type { DropScheduled } from '#events/drop-scheduled.ts'
import { imageKey, mirror, type DropKind, type ImagePlan } from '#events/vocabulary.ts'
import { assertImages } from '../compose/images.ts'
import type { Qualified } from '../compose/understand.ts'
import { enginesFor } from '../policy/engines-for.ts'
import type { Policy } from '../policy/policy.ts'

interface Wish {
  readonly kind: DropKind
  /** Only these images, by name; null for all. */
  readonly images: readonly string[] | null
  readonly supersedes: string | null
}

/** The plan of a drop, by the policy. Throws Refused for an image that the policy does not know. */
export function planDrop(
  { compose, distribution, candidate, missing }: Qualified,
  wish: Wish,
  policy: Policy,
): DropScheduled {
  const { kind, supersedes } = wish
  const milestone = kind === 'milestone' ? (candidate?.milestone ?? null) : null
  const publishers = policy.publishers
    .filter(({ milestones }) => milestones === null || (milestone !== null && milestones.includes(milestone)))
    .map(({ publisher }) => publisher)
  const isTaken = (target: string) => target === mirror || publishers.some((one) => one.target === target)
  assertImages(wish.images, compose.id, distribution)
  // The flavours of one architecture share its base: so the bases of all architectures are begun first, side by side.
  const all = distribution.flavours.flatMap((flavour) =>
    distribution.architectures.map((architecture): ImagePlan => ({
      flavour,
      architecture,
      recipe: distribution.recipe,
      engines: enginesFor(distribution, kind, architecture),
      formats: [...policy.formats[kind]],
      targets: (policy.targets[flavour] ?? []).filter(isTaken),
      ...(policy.preemptible.some((one) => one === kind) && { preemptible: true }),
    })),
  )
  const images = all.filter((image) => wish.images?.includes(imageKey(image)) ?? true)
  return {
    drop: dropIdOf(kind, compose.id),
    kind,
    milestone,
    compose,
    images,
    publishers: publishers.filter(({ target }) => images.some((image) => image.targets.includes(target))),
    gate: policy.gates[kind],
    missing: [...missing],
    supersedes,
  }
}

/** The id of the drop of a kind that a compose gets. */
function dropIdOf(kind: DropKind, composeId: string): string {
  return `${kind}-${composeId}`
}
