import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Said } from '#events/define.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropPublished, type DropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import type { ComposeRef, DropImage, ImagePlan, MirroredFile } from '#events/vocabulary.ts'
import type { BoundService } from '#service/define.ts'
import { house } from '#test/support/house.ts'
import { assemble } from './main.ts'

const sha256 = (seed: string) => Buffer.from(seed.padEnd(32, '.')).toString('hex').slice(0, 64)

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
      formats: [{ format: 'qcow2', compat: '1.1', compression: 'zlib' }],
      targets: flavour === 'ec2' ? ['mirror', 'ec2'] : ['mirror'],
    },
    outcome: 'passed',
    artifacts: [],
    packages: null,
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
            id: `ami-0${sha256(place + architecture).slice(0, 16)}`,
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

/** An announcer on a state folder of its own. */
export interface Office extends AsyncDisposable {
  readonly state: string
  /** Path below `<state>/announcements`. */
  at(path: string): string
  hear(event: Envelope, signal?: AbortSignal): Promise<readonly Said[]>
}

/** Opens an announcer with these settings; a second one may be opened on the same state. */
export async function openOffice(env: Record<string, string> = {}, onState?: string): Promise<Office> {
  const state = onState ?? (await mkdtemp(join(tmpdir(), 'announcer-')))
  const log = pino({ level: 'silent' })
  const now = () => new Date('2026-07-12T00:00:00Z')
  const { service } = await assemble({ ...house, stateFolder: state, env, log, now, artifacts: noArtifacts })
  return {
    state,
    at: (path) => join(state, 'announcements', path),
    hear: (event, signal = new AbortController().signal) => hear(service, event, signal),
    [Symbol.asyncDispose]: async () => {
      if (onState === undefined) await rm(state, { recursive: true })
    },
  }
}

async function hear(service: BoundService, event: Envelope, signal: AbortSignal): Promise<readonly Said[]> {
  const { events } = await service.handle(event, {
    signal,
    progress: () => undefined,
    log: pino({ level: 'silent' }),
    now: () => new Date('2026-07-12T00:00:00Z'),
    attempt: 1,
    workFolder: '/nowhere',
    logFolder: '/nowhere',
    state: undefined,
  })
  return events
}

/** The announcer opens no artifact: all that it tells is in the event. */
const noArtifacts: Parameters<typeof assemble>[0]['artifacts'] = {
  draft: refuse,
  keep: refuse,
  keepBytes: refuse,
  open: refuse,
  verify: refuse,
}

async function refuse(): Promise<never> {
  return await Promise.reject(new Error('the announcer needs no artifacts'))
}

const noon = '2026-07-11T12:00:00.000Z'

/** The news that a drop is published. */
export function published(body: DropPublished, time = noon): Envelope {
  return seal({ subject: dropPublished.subject, body }, { now: new Date(time) })
}

/** The news that a drop is superseded. */
export function superseded(body: DropPublished, by: string, time = noon): Envelope {
  const { drop, kind, milestone, compose, images } = body
  return seal(
    { subject: dropSuperseded.subject, body: { drop, kind, milestone, compose, images, by } },
    { now: new Date(time) },
  )
}

/** The news that a drop has expired. */
export function expired(body: DropPublished, time = noon): Envelope {
  const { drop, kind, milestone, compose, images } = body
  return seal(
    { subject: dropExpired.subject, body: { drop, kind, milestone, compose, images, keptDays: 14 } },
    { now: new Date(time) },
  )
}
