import type { BodyOf } from '#events/define.ts'
import { imageTested } from '#events/image-tested.ts'
import type { Job } from '#ledger/ledger.ts'
import { chanceOf } from './chance.ts'
import { assumed, drawDuration } from './durations.ts'

/** What is drawn for jobs. */
export interface Chances {
  readonly seed: number
  /** So much of all attempts fails. */
  readonly failures: number
  /** So many evictions each worker has in an hour. */
  readonly evictions: number
}

/** A millisecond, for a job that finds that it has nothing to do. */
const nothing = 1

/** How an attempt ends, and after how many milliseconds. */
export interface Fate {
  readonly ends: 'done' | 'transient' | 'broken' | 'evicted'
  readonly after: number
}

/** What becomes of an attempt at a job: the same for one seed, whenever and wherever it runs. */
export function fateOf(job: Job, images: number, { seed, failures, evictions }: Chances): Fate {
  const { service, attempts, envelope, drop, image } = job
  const { subject } = envelope
  const work = [seed, service, subject, drop ?? '', image ?? '']
  const after = isForOthers(job) ? nothing : drawDuration({ seed, service, subject, drop, image, images })
  if (service === 'scheduler') return { ends: 'done', after }
  const lost =
    evictions > 0 ? (-Math.log(1 - chanceOf(...work, attempts, 'evicted')) / evictions) * 3_600_000 : Infinity
  if (lost < after) return { ends: 'evicted', after: Math.ceil(lost) }
  if (chanceOf(...work, 'broken') < failures * assumed.brokenShare) return { ends: 'broken', after }
  const fails = chanceOf(...work, attempts, 'fails') < failures * (1 - assumed.brokenShare)
  return { ends: fails ? 'transient' : 'done', after }
}

/** Every publisher hears of every test, and uploads only what is for its target. */
function isForOthers({ service, envelope: { subject, body } }: Job): boolean {
  if (service !== 'ec2-publisher' || subject !== imageTested.subject) return false
  return !(body as BodyOf<typeof imageTested>).image.targets.includes('ec2')
}
