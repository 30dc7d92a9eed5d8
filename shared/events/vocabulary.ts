import { z } from 'zod'
import { artifactRef } from './artifact-ref.ts'
import { accelerator, bootRecords, checkResult } from './boot-record.ts'
import { imageInputs } from './image-inputs.ts'
import { folderName, plainName } from './names.ts'

export { artifactRef, type ArtifactRef } from './artifact-ref.ts'
export { imageInputs, type ImageInputs } from './image-inputs.ts'
export {
  accelerator,
  bootRecord,
  bootRecords,
  checkResult,
  counts,
  waiver,
  type BootRecord,
  type CheckResult,
  type Waiver,
} from './boot-record.ts'

export const dropId = z
  .string()
  .max(200)
  .regex(plainName)
  .describe('The drop: its kind and the compose id, as `weekly-Fedora-Rawhide-20180426.n.0`')

export const architecture = z.enum(['i686', 'x86_64', 'aarch64'])
export type Architecture = z.infer<typeof architecture>

export const flavour = folderName.describe('What an image is made for: a folder of its recipe, as `generic`')
export type Flavour = z.infer<typeof flavour>

export const composeRef = z
  .strictObject({
    id: z.string().max(200).regex(plainName).describe('Compose id in productmd grammar'),
    short: z.string().regex(plainName).describe('Release short name: `Fedora`, `Debian`'),
    version: z.string().regex(plainName).describe('Release version: `19`, `Rawhide`'),
    type: z.enum(['production', 'nightly', 'test', 'ci', 'development']),
    date: z
      .string()
      .regex(/^\d{8}$/)
      .describe('YYYYMMDD'),
    respin: z.int().min(0),
    label: z.string().nullable().describe('Candidate label as `Beta-1.2`, or null'),
    location: z.string().min(1).describe('URL or absolute path of the compose tree'),
    incomplete: z.boolean().describe('The compose ended as FINISHED_INCOMPLETE'),
  })
  .describe('The compose that a drop is made of')
export type ComposeRef = z.infer<typeof composeRef>

const xzLevel = z.int().min(0).max(9).describe('xz preset')
export const formatPlan = z
  .discriminatedUnion('format', [
    z.strictObject({
      format: z.literal('qcow2'),
      compat: z.enum(['0.10', '1.1']).describe('0.10 for clouds of before 2013, 1.1 else'),
      compression: z.enum(['none', 'zlib', 'zstd']).describe('zstd needs compat 1.1'),
    }),
    z.strictObject({ format: z.literal('raw.xz'), level: xzLevel }),
    z.strictObject({ format: z.literal('raw.tar.xz'), level: xzLevel }),
    z.strictObject({ format: z.literal('vhd') }),
    z.strictObject({ format: z.literal('tar.gz') }),
  ])
  .describe('One format that an image is wanted in')
export type FormatPlan = z.infer<typeof formatPlan>

/** The target whose files are published as one tree, drop by drop; all others take single images. */
export const mirror = 'mirror'

export const target = folderName.describe('Where an image is published: `mirror`, or the target of a publisher')
export type Target = z.infer<typeof target>

export const engine = folderName.describe('What builds images: `mkosi`, `koji`, …')

export const channel = folderName.describe('How people are told: `mail`, `feed`, `page`, …')

/** The service that publishes single images to a target, as it declares itself. */
export const publisher = z
  .strictObject({
    target,
    service: z.string().describe('Name of the service'),
    after: z
      .enum(['tests', 'mirror', 'publication'])
      .describe(
        'Uploads an image that passed its boot test, takes it from the open mirror, or begins when the drop is published',
      ),
  })
  .describe('Who publishes images to a target, and when')
export type Publisher = z.infer<typeof publisher>

export const imagePlan = z
  .strictObject({
    flavour,
    architecture,
    recipe: z.string().regex(plainName).describe('Recipe folder: `debian-12`, `fedora-rawhide`'),
    engines: z.array(engine).min(1).describe('Build engines by their folders; the next when one cannot'),
    formats: z.array(formatPlan).min(1),
    targets: z.array(target).min(1),
    preemptible: z.boolean().optional().describe('Its work may end, to begin again, for that on a milestone'),
  })
  .describe('One image of a drop')
export type ImagePlan = z.infer<typeof imagePlan>

/** An image's name within its drop, as people type it: `generic.x86_64`. */
export function imageKey(image: Pick<ImagePlan, 'flavour' | 'architecture'>): string {
  return `${image.flavour}.${image.architecture}`
}

export const verdict = z.enum(['passed', 'failed'])
export type Verdict = z.infer<typeof verdict>

export const registration = z
  .strictObject({
    target,
    emulated: z.boolean().describe('True when an emulator stood in for the cloud'),
    place: z.string().describe('Region, availability zone, project or registry'),
    id: z.string().describe('What the target calls the image'),
    name: z.string().describe('What people see it as, unique in its place'),
    owner: z.string().optional().describe('The account that owns it, as the target names accounts'),
    watermark: z.string().optional().describe('A mark that only its owner can give, and that goes on to its copies'),
    state: z.string().optional().describe('How it stands there, where that takes days: `in review`, `live`'),
    details: z.record(z.string(), z.string()).describe('What else its publisher needs to find again, as `snapshot`'),
  })
  .describe('One image in one place of one target')
export type Registration = z.infer<typeof registration>

export const missingPlace = z
  .strictObject({
    target,
    place: z.string().describe('As in a registration'),
    reason: z.string().describe('Why the image is not there yet'),
  })
  .describe('A place that a drop does not wait for; its publisher goes on trying')
export type MissingPlace = z.infer<typeof missingPlace>

const missingPlaces = z
  .array(missingPlace)
  .optional()
  .describe('Places that are to have the image too; absent for none')

/** What a publisher says of an image: where it is, and where it is still missing. */
export const placement = {
  registrations: z.array(registration).min(1).describe('One per region'),
  missing: missingPlaces,
}

export const failure = z
  .strictObject({
    step: z.string().describe('The service that could not go on'),
    class: z
      .enum(['transient', 'recipe', 'environment', 'capacity', 'stuck', 'refused', 'verdict', 'cancelled', 'bug'])
      .describe('What kind of failure: what an operator does next depends on it'),
    reason: z.string(),
    log: artifactRef.nullable(),
  })
  .describe('Why an image or a drop cannot go on')
export type Failure = z.infer<typeof failure>
export type FailureClass = Failure['class']

export const builtBy = z
  .strictObject({
    name: z.string().describe('The engine, by its folder'),
    version: z.string(),
    earlier: z
      .array(z.strictObject({ name: z.string(), class: failure.shape.class, reason: z.string() }))
      .describe('Engines that the plan names before it, and why each could not'),
  })
  .describe('Which engine built an image, and why no earlier one')
export type BuiltBy = z.infer<typeof builtBy>

export const withdrawalReason = z.string().min(1).max(500).describe('Why a person withdraws it, as people are told')

export const dropKind = z.enum(['milestone', 'weekly', 'nightly'])
export type DropKind = z.infer<typeof dropKind>

export const gate = z.enum(['person', 'policy']).describe('Who blesses: a release engineer, or the policy by itself')

export const milestone = z.enum(['Alpha', 'Beta', 'Final'])
export type Milestone = z.infer<typeof milestone>

/** What every event about one image carries, so that no service has to ask another. */
export const imageContext = { drop: dropId, compose: composeRef, image: imagePlan }

/** What every event about a whole drop carries. */
export const dropContext = {
  drop: dropId,
  kind: dropKind,
  milestone: milestone.nullable(),
  compose: composeRef,
}

export const recipeDigest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 over every file of the recipe: with it changes what is built')

export const imageEvidence = z
  .strictObject({
    disk: artifactRef.describe('The raw disk that was booted, and that every format decodes to'),
    recipe: recipeDigest.optional(),
    inputs: imageInputs.optional(),
    description: artifactRef.optional().describe('What the engine was told, and what it tells of it: one text'),
    builtAt: z.string().describe('When the build was done'),
    testedAt: z.string().describe('When the boot test was done'),
    console: artifactRef.describe('Serial console log'),
    screenshot: artifactRef.nullable(),
    accelerator,
    boots: bootRecords.optional(),
    notes: z.array(z.string()).optional().describe('What people should do something about though it decided nothing'),
    reports: z.array(artifactRef).optional().describe('The report for people (html) and for test tools (junit.xml)'),
  })
  .describe('What shows how an image was made and tested')
export type ImageEvidence = z.infer<typeof imageEvidence>

export const dropImage = z
  .strictObject({
    image: imagePlan,
    outcome: z.enum(['passed', 'failed']),
    artifacts: z.array(artifactRef).describe('One per format that was made'),
    packages: artifactRef.nullable().describe('Package list of the image'),
    engine: builtBy.nullable().describe('Null while it is not built'),
    checks: z.array(checkResult),
    registrations: z.array(registration),
    missing: missingPlaces,
    failure: failure.nullable(),
    evidence: imageEvidence.optional().describe('Once it was built and tested'),
  })
  .describe('One image as the drop knows it')
export type DropImage = z.infer<typeof dropImage>

export const mirroredFile = z.strictObject({
  path: z.string().describe('Relative to the mirror root'),
  sha256: z.string(),
  size: z.int().min(0),
  image: z.string().nullable().describe('`generic.x86_64`, or null for indexes and checksums'),
})
export type MirroredFile = z.infer<typeof mirroredFile>

export const treeSignature = z
  .strictObject({
    fingerprint: z
      .string()
      .regex(/^[0-9A-F]{40,64}$/)
      .describe('Of the OpenPGP key, in upper-case hex'),
    key: z.string().max(200).regex(plainName).describe('File with its public part, in the mirror root'),
  })
  .describe('By which key the checksums of a tree are signed')
export type TreeSignature = z.infer<typeof treeSignature>
