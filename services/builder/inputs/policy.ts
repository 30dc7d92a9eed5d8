import type { ImagePlan } from '#events/vocabulary.ts'

/** Which fields of a plan decide what an image's files hold, or where they are wanted. */
const counts = {
  flavour: true,
  architecture: true,
  recipe: true,
  formats: true,
  targets: true,
  // The one that builds it counts by itself.
  engines: false,
  // When it is built, which its bits do not tell.
  preemptible: false,
} satisfies Record<keyof ImagePlan, boolean>

/** What the policy says of an image, as one text, without what does not get into it. */
export function policyOf(image: ImagePlan): string {
  return JSON.stringify(
    Object.entries(counts).flatMap(([name, does]) => (does ? [image[name as keyof ImagePlan]] : [])),
  )
}
