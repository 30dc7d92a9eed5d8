import { chanceOf, spreadOf } from './chance.ts'

/** What one job of a service takes on one worker: measured seconds, one of which is drawn for each image. */
export interface Measured {
  readonly seconds: readonly number[]
  /** The seconds are of one image, and the job is of all images of the drop. */
  readonly each?: 'image'
  readonly source: string
}

const speed = 'README.md, Speed: Debian 12 on two cores without KVM, two jobs at a time'
const run = "README.md, the example's run: four images"

/** By service and the subject that begins the job. */
export const durations: Readonly<Record<string, Measured>> = {
  'builder image.requested.v1': { seconds: [120, 155, 116, 126], source: speed },
  'converter image.built.v1': { seconds: [147, 107, 112, 86], source: speed },
  'boot-tester image.built.v1': { seconds: [304, 216, 210, 130], source: speed },
  'ec2-publisher image.tested.v1': { seconds: [8, 4], source: `${speed}; EC2 was emulated` },
  'ec2-publisher drop.blessed.v1': { seconds: [1], source: `${run}; EC2 was emulated` },
  'mirror-publisher drop.ready.v1': { seconds: [0.75], each: 'image', source: run },
  'mirror-publisher drop.blessed.v1': { seconds: [1], source: run },
  'announcer drop.published.v1': { seconds: [1], source: run },
}

/** A job of the scheduler: a null drop of four images is 41 jobs and takes 61 ms (docs/performance.md). */
export const schedulerSeconds = 0.002

/** Nobody measured these; they are what we take for usual. */
export const assumed = {
  /** From a drop that lacks images to its blessing by a person, in hours. */
  personHours: 1,
  /** From the loss of a worker to the next in its place. */
  replacementSeconds: 120,
  /** So many of the failures are of the image, and no other try helps. */
  brokenShare: 0.1,
} as const

interface Work {
  readonly seed: number
  readonly service: string
  readonly subject: string
  readonly drop: string | null
  readonly image: string | null
  readonly images: number
}

/** Milliseconds that a job takes, the same for the same work: in each drop about what the image takes in all of them. */
export function drawDuration({ seed, service, subject, drop, image, images }: Work): number {
  if (service === 'scheduler') return schedulerSeconds * 1000
  const measured = durations[`${service} ${subject}`]
  if (!measured) throw new RangeError(`no duration is known of ${service} on ${subject}`)
  const { seconds, each } = measured
  const one = seconds[Math.floor(chanceOf(seed, service, subject, image ?? '', 'which') * seconds.length)] ?? 0
  return Math.max(
    1,
    Math.round(one * (each ? images : 1) * spreadOf(seed, service, subject, drop ?? '', image ?? '', 'spread') * 1000),
  )
}

/** Seconds that all images of a drop take of a service at the mean, to share workers by. */
export function meanSeconds(service: string, images: number): number {
  return Object.entries(durations)
    .filter(([name]) => name.startsWith(`${service} `))
    .map(([name, { seconds, each }]) => {
      const mean = seconds.reduce((sum, one) => sum + one, 0) / seconds.length
      return mean * (name.includes(' image.') || each ? images : 1)
    })
    .reduce((sum, one) => sum + one, 0)
}
