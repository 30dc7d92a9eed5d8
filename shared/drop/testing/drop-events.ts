import { createHash } from 'node:crypto'
import {
  exampleDropContext,
  exampleDropImage,
  exampleEarlier,
  exampleEngine,
  exampleRegistration,
} from '#events/examples.ts'
import type { DropScheduled } from '#events/drop-scheduled.ts'
import {
  imageKey,
  type ArtifactRef,
  type Failure,
  type ImagePlan,
  type Publisher,
  type Registration,
} from '#events/vocabulary.ts'
import type { DropEvent, DropSaid } from '../events.ts'

/** The events of one drop in a test: two images, one of them for EC2. */
export const generic: ImagePlan = {
  flavour: 'generic',
  architecture: 'x86_64',
  recipe: 'debian-12',
  engines: ['mkosi'],
  formats: [{ format: 'raw.xz', level: 1 }],
  targets: ['mirror'],
}
/** Two clouds: one is uploaded to before the blessing, the other takes its image from the open mirror. */
export const publishers: Publisher[] = [
  { target: 'ec2', service: 'ec2-publisher', after: 'tests' },
  { target: 'moon', service: 'moon-publisher', after: 'mirror' },
]
export const ec2: ImagePlan = { ...generic, flavour: 'ec2', targets: ['mirror', 'ec2'] }

const compose = { ...exampleDropContext.compose, id: 'Debian-12-20260711.n.0', short: 'Debian', version: '12' }
const context = { drop: 'weekly-Debian-12-20260711.n.0', kind: 'weekly' as const, milestone: null, compose }

export const plan: DropScheduled = {
  ...context,
  images: [generic, ec2],
  publishers,
  gate: 'policy',
  missing: [],
  supersedes: null,
}
export const { drop } = plan

const artifact = (name: string, format: string): ArtifactRef => {
  const sha256 = createHash('sha256').update(name).digest('hex')
  return { uri: `artifact:${sha256}`, sha256, size: 1, format }
}
const of = (image: ImagePlan) => ({ drop, compose, image })
const diskOf = (image: ImagePlan) => artifact(imageKey(image), 'raw')
/** Times only have to be in order, and strings that compare. */
let clock = 0
const at = () => ({ time: new Date(Date.UTC(2026, 6, 11) + clock++).toISOString() })

export const scheduled = (more: Partial<DropScheduled> = {}): DropEvent => ({
  subject: 'drop.scheduled.v1',
  ...at(),
  body: { ...plan, ...more },
})
export const compared = (...changes: string[]): DropEvent => ({
  subject: 'drop.compared.v1',
  ...at(),
  body: {
    drop,
    since: exampleEarlier.drop,
    changes: changes.map((image) => ({ image, reason: 'the recipe has changed' })),
  },
})
export const built = (image: ImagePlan, disk = diskOf(image), engine = exampleEngine): DropEvent => ({
  subject: 'image.built.v1',
  ...at(),
  body: {
    ...of(image),
    disk,
    packages: artifact('packages', 'json'),
    log: artifact('log', 'log'),
    engine,
    seconds: 1,
  },
})
export const converted = (image: ImagePlan, disk = diskOf(image)): DropEvent => ({
  subject: 'image.converted.v1',
  ...at(),
  body: { ...of(image), disk, artifacts: [artifact(imageKey(image), 'raw.xz')], seconds: 1 },
})
export const tested = (image: ImagePlan, verdict: 'passed' | 'failed' = 'passed', disk = diskOf(image)): DropEvent => ({
  subject: 'image.tested.v1',
  ...at(),
  body: {
    ...of(image),
    disk,
    verdict,
    checks: [{ name: 'ssh', outcome: verdict, seconds: 1, detail: 'port 22' }],
    console: artifact('console', 'log'),
    screenshot: null,
    accelerator: 'tcg',
    seconds: 1,
  },
})
const registeredIn = (target: string): Registration[] => [{ ...exampleRegistration, target }]
export const uploaded = (image: ImagePlan, target = 'ec2'): DropEvent => ({
  subject: 'image.uploaded.v1',
  ...at(),
  body: { ...of(image), registrations: registeredIn(target), bytes: 1, seconds: 1 },
})
export const imagePublished = (image: ImagePlan, target = 'ec2'): DropEvent => ({
  subject: 'image.published.v1',
  ...at(),
  body: { ...of(image), registrations: registeredIn(target) },
})
/** The same event with places where the image is still missing. */
export const missingIn = (event: DropEvent, ...places: string[]): DropEvent => {
  if (event.subject !== 'image.uploaded.v1' && event.subject !== 'image.published.v1') throw new Error(event.subject)
  const missing = places.map((place) => ({ target: 'ec2', place, reason: 'it is down' }))
  return { ...event, body: { ...event.body, missing } } as DropEvent
}
const failureAt = (step: string): Failure => ({ step, class: 'recipe', reason: 'it broke', log: null })
export const imageFailed = (image: ImagePlan, step: string): DropEvent => ({
  subject: 'image.failed.v1',
  ...at(),
  body: { ...of(image), failure: failureAt(step) },
})
const treeOf = (images: readonly ImagePlan[]) => ({
  ...context,
  path: 'alt/weekly',
  files: [
    { path: 'alt/weekly/CHECKSUM', sha256: 'c', size: 1, image: null },
    ...images.map((image) => ({ path: `alt/weekly/${imageKey(image)}`, sha256: 'f', size: 1, image: imageKey(image) })),
  ],
})
export const staged = (...images: ImagePlan[]): DropEvent => ({
  subject: 'drop.staged.v1',
  ...at(),
  body: treeOf(images),
})
export const mirrored = (...images: ImagePlan[]): DropEvent => ({
  subject: 'drop.mirrored.v1',
  ...at(),
  body: { ...treeOf(images), images: images.map((image) => ({ ...exampleDropImage, image })) },
})
export const announced = (): DropEvent => ({
  subject: 'drop.announced.v1',
  ...at(),
  body: { ...context, told: [{ channel: 'file', to: 'a.eml', id: 'a' }] },
})
export const dropFailed = (step: string): DropEvent => ({
  subject: 'drop.failed.v1',
  ...at(),
  body: { drop, failure: failureAt(step) },
})
export const asks = (what: 'blessing' | 'cancellation' | 'supersession' | 'retry', by = 'dgilmore'): DropEvent => ({
  subject: `drop.${what}.requested.v1`,
  ...at(),
  body: { drop, by },
})
export const expiryReached = (onlyUnblessed: boolean): DropEvent => ({
  subject: 'drop.expiry.reached.v1',
  ...at(),
  body: { drop, keptDays: 30, onlyUnblessed },
})

/** Everything that services say of an image that goes well, before it is published. */
export const passes = (image: ImagePlan): DropEvent[] => [
  built(image),
  converted(image),
  tested(image),
  ...(image.targets.includes('ec2') ? [uploaded(image)] : []),
]

/** An event in few words: `image.requested generic.x86_64`. */
export function tell({ subject, body }: DropSaid): string {
  const name = subject.replace('.v1', '')
  return 'image' in body ? `${name} ${imageKey(body.image)}` : name
}
