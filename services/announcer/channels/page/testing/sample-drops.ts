import { createHash } from 'node:crypto'
import type { DropPublished } from '#events/drop-published.ts'
import { imageKey, type ComposeRef, type DropImage, type MirroredFile } from '#events/vocabulary.ts'
import { debianDrop } from '../../../testing/drops.ts'
import type { Dated } from './note-publications.ts'

/** A line of drops as a distribution has it: one a week, or a candidate with a label. */
export interface Line {
  readonly short: string
  readonly version: string
  /** Architectures by their names in events, and in names of files. */
  readonly architectures: Readonly<Record<string, string>>
  readonly regions: readonly string[]
  readonly emulated: boolean
  readonly label?: string
}

/** Debian 12 as it is built here: four images, a cloud that is emulated. */
export const debian12: Line = {
  short: 'Debian',
  version: '12',
  architectures: { x86_64: 'amd64', i686: 'i386' },
  regions: ['us-east-1'],
  emulated: true,
}

/** Fedora Rawhide, with images in several regions. */
export const rawhide: Line = {
  short: 'Fedora',
  version: 'Rawhide',
  architectures: { x86_64: 'x86_64', aarch64: 'aarch64' },
  regions: ['us-east-1', 'eu-central-1', 'ap-southeast-2'],
  emulated: false,
}

/** The drop of one day. Sizes and boot times change a little from day to day, always alike. */
export function sampleDrop(line: Line, day: Date): DropPublished {
  const date = day.toISOString().slice(0, 10).replaceAll('-', '')
  const compose = composeOf(line, date)
  const kind = line.label === undefined ? 'weekly' : 'milestone'
  const [template] = debianDrop(date).images
  if (!template) throw new Error('a drop has images')
  const images = ['generic', 'ec2'].flatMap((flavour) =>
    Object.keys(line.architectures).map((architecture) => imageOf(template, { flavour, architecture, line, date })),
  )
  const path = `${kind === 'weekly' ? 'alt/cloud/weekly' : 'releases/test'}/${compose.id}`
  const milestone = kind === 'milestone' ? ('Beta' as const) : null
  const files = images.flatMap((image) => filesOf(image, { line, path, date }))
  const lists = Object.values(line.architectures).map((word) => {
    const name = `${path}/${word}/${line.short}-${line.version}-${word}-CHECKSUM`
    return { path: name, sha256: sha256(name), size: 1240, image: null }
  })
  const by = kind === 'weekly' ? 'policy' : 'dgilmore'
  const drop = `${kind}-${compose.id}`
  return { ...debianDrop(date), drop, kind, milestone, compose, images, path, files: [...files, ...lists], by }
}

/** A drop a week, the newest last. */
export function weeklyDrops(line: Line, count: number, newest: Date): Dated[] {
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(newest.getTime() - (count - 1 - index) * 7 * 86_400_000)
    return { body: sampleDrop(line, day), at: day.toISOString() }
  })
}

function composeOf({ short, version, label: given }: Line, date: string): ComposeRef {
  const label = given ?? null
  return {
    id: `${short}-${version}-${date}${label === null ? '.n.0' : '.0'}`,
    short,
    version,
    type: label === null ? 'nightly' : 'production',
    date,
    respin: 0,
    label,
    location: 'https://example.org/compose',
    incomplete: false,
  }
}

interface Wanted {
  readonly flavour: string
  readonly architecture: string
  readonly line: Line
  readonly date: string
}

function imageOf(template: DropImage, { flavour, architecture, line, date }: Wanted): DropImage {
  const slower = architecture === 'x86_64' ? 0 : 9
  const more = part(`${flavour}${architecture}${date}`) * 14 + slower
  return {
    ...template,
    image: { ...template.image, flavour, architecture: architecture as 'x86_64' },
    checks: template.checks.map((check) => ({ ...check, seconds: check.seconds + more })),
    registrations: (flavour === 'ec2' ? line.regions : []).map((place) => ({
      target: 'ec2',
      emulated: line.emulated,
      place,
      id: `ami-0${sha256(date + architecture + place).slice(0, 16)}`,
      name: `${line.short}-${line.version}-${architecture}-${date}`,
      details: {},
    })),
  }
}

function filesOf(
  { image }: DropImage,
  { line, path, date }: { line: Line; path: string; date: string },
): MirroredFile[] {
  const key = imageKey(image)
  const word = line.architectures[image.architecture] ?? image.architecture
  const name = `${path}/${word}/${line.short.toLowerCase()}-${line.version.toLowerCase()}-${image.flavour}-${word}-${date}`
  const growth = 1 + Number(date.slice(4, 6)) / 100 + part(key + date) / 50
  return [
    { suffix: 'qcow2', size: 128_000_000 },
    { suffix: 'raw.xz', size: 92_000_000 },
    { suffix: 'raw.tar.xz', size: 92_100_000 },
    { suffix: 'packages.json', size: 41_232 },
  ].map(({ suffix, size }) => ({
    path: `${name}.${suffix}`,
    sha256: sha256(name + suffix),
    size: Math.round(size * growth * (image.architecture === 'x86_64' ? 1 : 0.93)),
    image: key,
  }))
}

function sha256(seed: string): string {
  return createHash('sha256').update(seed).digest('hex')
}

/** Between 0 and 1. */
function part(seed: string): number {
  return Number.parseInt(sha256(seed).slice(0, 8), 16) / 2 ** 32
}
