import { say, type SaidOf } from '#events/define.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { imagePublished } from '#events/image-published.ts'
import type { ImagePlan, Registration } from '#events/vocabulary.ts'
import { handTo, type Given, type Handled } from '#publishing/testing/hand-to.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import { cloudstackPublisher } from '../service.ts'
import type { Bench } from './bench.ts'

const sealed = { now: new Date(0) }
const image: ImagePlan = { ...imagePublished.example.image, flavour: 'generic', targets: ['mirror', 'cloudstack'] }
const images = dropMirrored.example.images.map((one) => ({ ...one, image }))

/** A drop whose mirror is open. */
export function mirrored({ file }: Bench, drop = dropMirrored.example.drop) {
  const files = [{ ...file, image: `generic.${image.architecture}` }]
  return seal(say(dropMirrored, { ...dropMirrored.example, drop, images, files }), sealed)
}

export function superseded() {
  return seal(say(dropSuperseded, { ...dropSuperseded.example, images }), sealed)
}

export function expired() {
  return seal(say(dropExpired, { ...dropExpired.example, images }), sealed)
}

type Event = Parameters<typeof cloudstackPublisher.handle>[0]
type Said = SaidOf<(typeof cloudstackPublisher.emits)[number]>

/** Hands an event to the service. */
export async function handle(
  { dependencies }: Bench,
  event: Event,
  { clouds = dependencies.clouds, ...given }: Given & { readonly clouds?: Bench['dependencies']['clouds'] } = {},
): Promise<Handled<Said>> {
  return await handTo(cloudstackPublisher, { ...dependencies, clouds }, event, given)
}

/** Hands an event to the service, and goes on after each wait until there is no more. */
export async function handleToTheEnd(
  bench: Bench,
  event: Event,
  clouds = bench.dependencies.clouds,
): Promise<readonly Said[]> {
  return await followWaits((woken) => handle(bench, event, { ...woken, clouds }))
}

export function registrationsIn(events: readonly Said[]): readonly Registration[] {
  return events.flatMap((one) => (one.subject === 'image.published.v1' ? one.body.registrations : []))
}
