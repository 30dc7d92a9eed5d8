import { z } from 'zod'
import { dropScheduled } from '#events/drop-scheduled.ts'
import {
  artifactRef,
  builtBy,
  checkResult,
  dropImage,
  failure,
  imageEvidence,
  imageInputs,
  mirroredFile,
  missingPlace,
  recipeDigest,
  registration,
  treeSignature,
} from '#events/vocabulary.ts'

/** What a service said, with the time at which it said so: of two words of one step the later holds. */
const time = z.string()
const diskOf = z.string().describe('SHA-256 of the raw disk that the word is about')

const placed = z.record(
  z.string(),
  z.strictObject({ time, registrations: z.array(registration), missing: z.array(missingPlace).optional() }),
)

const bootSeen = imageEvidence.pick({
  console: true,
  screenshot: true,
  accelerator: true,
  boots: true,
  notes: true,
  reports: true,
})

const imageState = z.strictObject({
  requested: z.boolean(),
  built: z
    .strictObject({
      time,
      disk: diskOf,
      image: artifactRef.optional().describe('The raw disk itself'),
      packages: artifactRef,
      description: artifactRef.optional(),
      engine: builtBy,
      recipe: recipeDigest.optional(),
      inputs: imageInputs.optional(),
    })
    .nullable(),
  converted: z.strictObject({ time, disk: diskOf, artifacts: z.array(artifactRef) }).nullable(),
  tested: z
    .strictObject({
      time,
      disk: diskOf,
      passed: z.boolean(),
      checks: z.array(checkResult),
      seen: bootSeen.optional().describe('What the boot test kept'),
    })
    .nullable(),
  uploaded: placed.describe('By target'),
  published: placed.describe('By target'),
  failures: z.record(z.string(), z.strictObject({ time, failure })).describe('By step'),
})
/** What is known of one image. */
export type ImageState = z.infer<typeof imageState>

const tree = z.strictObject({
  time,
  path: z.string(),
  files: z.array(mirroredFile),
  signature: treeSignature.optional(),
})
const early = z.strictObject({ subject: z.string(), time, body: z.unknown() })

const dropState = z.strictObject({
  plan: dropScheduled.schema.nullable(),
  /** Whether the drop was compared with an earlier one; a drop that is taken up again is built whatever came of that. */
  comparison: z.enum(['due', 'asked', 'over']).default('due'),
  /** What was heard before the plan; nothing is lost to a bus that delivers out of order. */
  early: z.array(early).max(1000),
  images: z.record(z.string(), imageState),
  /** What was said as drop.ready; it holds as long as the images' outcomes do. */
  ready: z.strictObject({ images: z.array(dropImage), complete: z.boolean() }).nullable(),
  staged: tree.nullable(),
  /** A person's blessing, given or waiting to be given. */
  blessing: z.string().nullable(),
  blessed: z.strictObject({ by: z.string(), images: z.array(dropImage) }).nullable(),
  mirrored: tree.nullable(),
  published: z.boolean(),
  announced: z.boolean(),
  /** Failures of steps on the whole drop, by step. */
  failures: z.record(z.string(), z.strictObject({ time, failure })),
  /** The scheduler itself said that the drop failed. */
  saidFailed: z.boolean(),
  retriedAt: z.string().nullable(),
  end: z
    .discriminatedUnion('how', [
      z.strictObject({ how: z.literal('cancelled'), by: z.string(), said: z.boolean() }),
      z.strictObject({
        how: z.literal('superseded'),
        by: z.string(),
        reason: z.string().optional(),
        said: z.boolean(),
      }),
      z.strictObject({ how: z.literal('unchanged'), since: z.string(), said: z.boolean() }),
      z.strictObject({
        how: z.literal('expired'),
        keptDays: z.int(),
        keptNewest: z.int().optional(),
        said: z.boolean(),
      }),
    ])
    .nullable(),
})
/** Everything that is known of one drop: facts, and what was said of them. What to say next follows from it. */
export type DropState = z.infer<typeof dropState>

/** A drop of which nothing is known. */
export const unknownDrop: DropState = {
  plan: null,
  comparison: 'due',
  early: [],
  images: {},
  ready: null,
  staged: null,
  blessing: null,
  blessed: null,
  mirrored: null,
  published: false,
  announced: false,
  failures: {},
  saidFailed: false,
  retriedAt: null,
  end: null,
}

/** An image of which nothing is known. */
export const unknownImage: ImageState = {
  requested: false,
  built: null,
  converted: null,
  tested: null,
  uploaded: {},
  published: {},
  failures: {},
}

/** Reads a drop's state as the ledger keeps it; a drop without one is unknown. */
export function readDropState(state: unknown): DropState {
  return state === undefined || state === null ? unknownDrop : dropState.parse(state)
}
