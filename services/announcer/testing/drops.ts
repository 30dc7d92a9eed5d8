import { exampleEngine } from '#events/examples.ts'
import { createHash } from 'node:crypto'
import type { DropPublished } from '#events/drop-published.ts'
import {
  imageKey,
  type ComposeRef,
  type DropImage,
  type ImagePlan,
  type MirroredFile,
  type Registration,
} from '#events/vocabulary.ts'

const sha256 = (seed: string) => createHash('sha256').update(seed).digest('hex')

/** A Debian drop of the given day: four images, the EC2 ones registered with an emulator. */
export function debianDrop(date = '20260711', change: Partial<DropPublished> = {}): DropPublished {
  const compose: ComposeRef = {
    id: `Debian-12-${date}.0`,
    short: 'Debian',
    version: '12',
    type: 'nightly',
    date,
    respin: 0,
    label: null,
    location: 'https://example.org/debian',
    incomplete: false,
  }
  const path = `alt/debian-12-${date}`
  const plans = (['generic', 'ec2'] as const).flatMap((flavour) =>
    (['x86_64', 'i686'] as const).map((architecture) => ({ flavour, architecture })),
  )
  return {
    drop: `nightly-${compose.id}`,
    kind: 'nightly',
    milestone: null,
    compose,
    by: 'policy',
    images: plans.map((plan) => dropImage(plan, date)),
    path,
    files: [
      ...plans.flatMap((plan) => imageFiles(plan, path, date)),
      { path: `${path}/amd64/debian-12-amd64-${date}-CHECKSUM`, sha256: sha256('c1'), size: 1240, image: null },
      { path: `${path}/i386/debian-12-i386-${date}-CHECKSUM`, sha256: sha256('c2'), size: 1236, image: null },
    ],
    ...change,
  }
}

type Plan = Pick<ImagePlan, 'flavour' | 'architecture'>

function dropImage({ flavour, architecture }: Plan, date: string): DropImage {
  const seen = (name: string, seconds: number, detail: string) => ({
    name,
    outcome: 'passed' as const,
    seconds,
    detail,
  })
  return {
    image: {
      flavour,
      architecture,
      recipe: 'debian-12',
      engines: ['mkosi'],
      formats: [
        { format: 'qcow2', compat: '1.1', compression: 'zlib' },
        { format: 'raw.xz', level: 6 },
        { format: 'raw.tar.xz', level: 6 },
      ],
      targets: flavour === 'ec2' ? ['mirror', 'ec2'] : ['mirror'],
    },
    outcome: 'passed',
    artifacts: [],
    packages: null,
    engine: exampleEngine,
    checks: [
      seen('login', 58.1, 'debian login:'),
      seen('cloud-init', 69.4, 'status: done'),
      seen('ssh', 70.2, 'logged in as debian with the injected key'),
      seen('units', 70.9, 'no failed units'),
      seen('growroot', 71.3, '/ has 3.9 GiB'),
    ],
    registrations:
      flavour === 'ec2'
        ? ['us-east-1', 'eu-central-1'].map((place) => ({
            target: 'ec2',
            emulated: true,
            place,
            id: `ami-0${sha256(architecture + place).slice(0, 16)}`,
            name: `debian-12-ec2-${architecture}-${date}`,
            details: { snapshot: 'snap-0123456789abcdef0' },
          }))
        : [],
    failure: null,
  }
}

function imageFiles({ flavour, architecture }: Plan, path: string, date: string): MirroredFile[] {
  const word = architecture === 'x86_64' ? 'amd64' : 'i386'
  const name = `debian-12-${flavour}-${word}-${date}`
  return [
    { suffix: 'qcow2', size: 187_432_960 },
    { suffix: 'raw.xz', size: 128_450_560 },
    { suffix: 'raw.tar.xz', size: 128_451_072 },
    { suffix: 'packages.json', size: 41_232 },
  ].map(({ suffix, size }) => ({
    path: `${path}/${word}/${name}.${suffix}`,
    sha256: sha256(`${suffix}${architecture}${flavour}`),
    size,
    image: `${flavour}.${architecture}`,
  }))
}

/** The drop with every text that others choose replaced. */
export function withText(text: string, body = debianDrop()): DropPublished {
  return {
    ...body,
    by: text,
    path: text,
    images: body.images.map((image) => ({
      ...image,
      outcome: 'failed',
      checks: image.checks.map((check) => ({ ...check, name: text, detail: text })),
      registrations: image.registrations.map((one) => ({ ...one, place: text, id: text, name: text })),
      failure: { step: text, class: 'bug', reason: text, log: null },
    })),
    files: body.files.map((file) => ({ ...file, path: `${text}/${text}`, sha256: text })),
  }
}

/** The drop with a first image that could not be built. */
export function withFailure(reason: string, body = debianDrop()): DropPublished {
  const [first, ...rest] = body.images
  if (!first) throw new Error('a drop has images')
  const failure = { step: 'builder', class: 'recipe' as const, reason, log: null }
  return {
    ...body,
    images: [{ ...first, outcome: 'failed', checks: [], failure }, ...rest],
    files: body.files.filter((file) => file.image !== imageKey(first.image)),
  }
}

/** The drop with other registrations for all of its images. */
export function withRegistrations(registrations: readonly Registration[], body = debianDrop()): DropPublished {
  return { ...body, images: body.images.map((image) => ({ ...image, registrations: [...registrations] })) }
}

/** The drop, but its first engine could not build the images. */
export function withContingency(body: DropPublished): DropPublished {
  const earlier = [{ name: 'koji', class: 'environment' as const, reason: 'the hub <x> is offline' }]
  const engine = { name: 'livemedia', version: '38', earlier }
  return { ...body, images: body.images.map((image) => ({ ...image, engine })) }
}
