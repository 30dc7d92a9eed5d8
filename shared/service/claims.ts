import { imagePublished, type ImagePublished } from '#events/image-published.ts'
import { imageUploaded, type ImageUploaded } from '#events/image-uploaded.ts'
import { imageKey, type Registration, type Target } from '#events/vocabulary.ts'
import { everyEventOf } from '#ledger/every-event.ts'
import type { Job, Ledger } from '#ledger/ledger.ts'
import type { ClaimedDrop } from './audit.ts'

/** A publisher, and where it publishes to. */
export interface Claimant {
  readonly service: string
  readonly target: Target
}

const endings = new Set(['drop.superseded.v1', 'drop.expired.v1'])
const atWork = new Set<Job['state']>(['queued', 'running'])

/**
 * What the ledger claims that a publisher has published, and is to have withdrawn. By its own jobs and words alone: with a
 * database account of its own, it sees no others.
 */
export async function readClaims(
  ledger: Pick<Ledger, 'events' | 'jobs'>,
  { service, target }: Claimant,
): Promise<ClaimedDrop[]> {
  const told = await readWords(ledger, target)
  const states = ['queued', 'running', 'waiting', 'failed', 'quarantined', 'cancelled'] as const
  const open = await ledger.jobs({ service, states })
  const names = new Set([...told.keys(), ...open.flatMap(({ drop }) => drop ?? [])])
  const claims: ClaimedDrop[] = []
  for (const drop of names) {
    const jobs = await ledger.jobs({ drop, service })
    const images = [...(told.get(drop)?.values() ?? [])]
    const hasEnded = jobs.some(({ envelope }) => endings.has(envelope.subject))
    const state = hasEnded ? 'ended' : images.some(({ isPublic }) => isPublic) ? 'public' : 'private'
    claims.push({
      drop,
      state,
      // The job that watches over a published drop is always there, and waits unless it is at work.
      isUnderway:
        jobs.some((job) => atWork.has(job.state)) ||
        (state === 'public' ? images.some(({ isMissing }) => isMissing) : jobs.some((job) => job.state === 'waiting')),
      registrations: images.flatMap(({ image, isPublic, places }) =>
        [...places.values()].map((one) => ({ ...one, image, isPublic })),
      ),
    })
  }
  return claims
}

interface ToldImage {
  readonly image: string
  isPublic: boolean
  /** It was to be filled in somewhere when it was last told of. */
  isMissing: boolean
  /** What was told last of a place holds: an image that cannot be had there for a while is still claimed. */
  readonly places: Map<string, Registration>
}

/** What the publisher has said, by drop and image. */
async function readWords(ledger: Pick<Ledger, 'events'>, target: Target): Promise<Map<string, Map<string, ToldImage>>> {
  const drops = new Map<string, Map<string, ToldImage>>()
  for await (const { envelope } of everyEventOf(ledger, [imageUploaded.subject, imagePublished.subject])) {
    const { drop, image: plan, registrations, missing = [] } = envelope.body as ImageUploaded | ImagePublished
    const own = registrations.filter((one) => one.target === target)
    if (own.length === 0) continue
    const image = imageKey(plan)
    const images = drops.get(drop) ?? new Map<string, ToldImage>()
    const known = images.get(image) ?? { image, isPublic: false, isMissing: false, places: new Map() }
    for (const one of own) known.places.set(one.place, one)
    known.isPublic ||= envelope.subject === imagePublished.subject
    known.isMissing = missing.some((one) => one.target === target)
    drops.set(drop, images.set(image, known))
  }
  return drops
}
