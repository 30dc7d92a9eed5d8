import type { DropState } from '#drop/state.ts'
import { imageKey, type ArtifactRef, type BuiltBy, type ComposeRef, type ImagePlan } from '#events/vocabulary.ts'

/** An image as it was built once: what it was made of, and what came of it. */
export interface Original {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: ImagePlan
  readonly disk: Pick<ArtifactRef, 'sha256'> & Partial<ArtifactRef>
  readonly packages: ArtifactRef
  readonly engine: BuiltBy
  /** Digest of the recipe; null for what was built before digests were told. */
  readonly recipe: string | null
}

/** Finds an image of a drop as it was built; a reason when there is none. */
export function findOriginal({ plan, images }: DropState, drop: string, key: string): Original | string {
  if (plan === null) return `there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`
  const image = plan.images.find((one) => imageKey(one) === key)
  const keys = plan.images.map(imageKey).join(', ')
  if (!image) return `there is no image ${JSON.stringify(key)} in ${drop}; there are ${keys}`
  const built = images[key]?.built
  if (!built) return `${key} of ${drop} was never built`
  const disk = built.image ?? { sha256: built.disk }
  const { packages, engine, recipe = null } = built
  return { drop, compose: plan.compose, image, disk, packages, engine, recipe }
}
