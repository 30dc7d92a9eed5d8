import { exampleEngine } from '#events/examples.ts'
import { createHash, randomBytes } from 'node:crypto'
import type { DropReady } from '#events/drop-ready.ts'
import { seal } from '#events/envelope.ts'
import { say, type EventDefinition } from '#events/define.ts'
import { imageKey, type ComposeRef, type DropImage, type Flavour, type ImagePlan } from '#events/vocabulary.ts'
import type { ArtifactStore } from '#artifacts/store.ts'

const formats: ImagePlan['formats'] = [
  { format: 'qcow2', compat: '1.1', compression: 'zlib' },
  { format: 'raw.xz', level: 6 },
  { format: 'raw.tar.xz', level: 6 },
]

/** Four passed images with small random artifacts in the store. */
export async function keepImages(store: ArtifactStore, bytes = 2000): Promise<DropImage[]> {
  const made: DropImage[] = []
  for (const flavour of ['generic', 'ec2'] as const) {
    for (const architecture of ['i686', 'x86_64'] as const) {
      made.push(await keepImage(store, { flavour, architecture }, bytes))
    }
  }
  return made
}

async function keepImage(
  store: ArtifactStore,
  { flavour, architecture }: { flavour: Flavour; architecture: ImagePlan['architecture'] },
  bytes: number,
): Promise<DropImage> {
  const image: ImagePlan = {
    flavour,
    architecture,
    recipe: 'fedora-43',
    engines: ['mkosi'],
    formats,
    targets: ['mirror'],
  }
  const artifacts = []
  for (const { format } of formats) artifacts.push(await store.keepBytes(randomBytes(bytes), format))
  const packages = await store.keepBytes(packageList(image), 'json')
  return {
    image,
    outcome: 'passed',
    artifacts,
    packages,
    engine: exampleEngine,
    checks: [{ name: 'cloud-init', outcome: 'passed', seconds: 61.2, detail: 'status: done' }],
    registrations: [],
    failure: null,
    evidence: {
      disk: await store.keepBytes(randomBytes(bytes), 'raw'),
      recipe: createHash('sha256').update('the recipe').digest('hex'),
      description: await store.keepBytes(`how ${imageKey(image)} was made\n`, 'txt'),
      builtAt: '2013-05-21T10:00:00.123Z',
      testedAt: '2013-05-21T10:10:00.456Z',
      console: await store.keepBytes(`booting ${imageKey(image)}\n`, 'log'),
      screenshot: await store.keepBytes(randomBytes(100), 'png'),
      accelerator: 'tcg',
    },
  }
}

function packageList({ flavour, architecture }: ImagePlan): string {
  const custom = { id: 'LicenseRef-Debian-custom-0123456789ab', name: 'custom', file: '/c', sha256: '0'.repeat(64) }
  const common = { type: 'rpm', architecture: architecture === 'i686' ? 'i686' : 'x86_64' }
  const packages = [
    { ...common, name: 'bash', version: '4.2.45-1.fc19', license: 'GPL-3.0-or-later' },
    { ...common, name: 'libstdc++', version: '4.8.0-5.fc19', license: `GPL-3.0-or-later AND ${custom.id}` },
    { ...common, name: 'perl', version: '4:5.16.3-264.fc19', source: 'perl-5.16.3-264.fc19.src.rpm', license: 'GPL+' },
    { ...common, name: `only-${flavour}`, version: '1-1' },
  ]
  return JSON.stringify({ manifest_version: 1, packages, licenseTexts: [custom] })
}

/** A Beta candidate of Fedora 19; its number makes the drop and the date. */
export function candidate(number: number, images: DropImage[]): DropReady {
  const compose: ComposeRef = {
    id: `Fedora-19-2013052${String(number)}.0`,
    short: 'Fedora',
    version: '19',
    type: 'production',
    date: `2013052${String(number)}`,
    respin: 0,
    label: `Beta-1.${String(number)}`,
    location: 'https://kojipkgs.fedoraproject.org/compose/19/latest-Fedora-19/compose',
    incomplete: false,
  }
  return {
    drop: `milestone-${compose.id}`,
    kind: 'milestone',
    milestone: 'Beta',
    compose,
    images,
    complete: true,
    gate: 'person',
  }
}

/** The weekly drop of a day in April. */
export function weekly(day: number, images: DropImage[]): DropReady {
  const date = `201804${String(day).padStart(2, '0')}`
  const compose: ComposeRef = {
    id: `Fedora-Rawhide-${date}.n.0`,
    short: 'Fedora',
    version: 'Rawhide',
    type: 'nightly',
    date,
    respin: 0,
    label: null,
    location: `https://kojipkgs.fedoraproject.org/compose/rawhide/Fedora-Rawhide-${date}.n.0/compose`,
    incomplete: false,
  }
  return {
    drop: `weekly-${compose.id}`,
    kind: 'weekly',
    milestone: null,
    compose,
    images,
    complete: true,
    gate: 'policy',
  }
}

/** Puts a body in its envelope, as the bus would deliver it. */
export function deliver<Subject extends string, Body>(definition: EventDefinition<Subject, Body>, body: Body) {
  return seal(say(definition, body), { now: new Date('2013-05-21T12:00:00Z') })
}
