import { say, type SaidOf } from '#events/define.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { imagePublished } from '#events/image-published.ts'
import type { ImagePlan, Registration } from '#events/vocabulary.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import type { Waited, WaitFor } from '#service/define.ts'
import { testContext } from '#test/support/context.ts'
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

interface Handled {
  readonly events: readonly Said[]
  readonly wait?: WaitFor
}

/** Hands an event to the service; `waited` is what woke it. */
export async function handle(
  bench: Bench,
  event: Event,
  {
    waited,
    clouds = bench.dependencies.clouds,
    ...given
  }: { waited?: Waited; clouds?: Bench['dependencies']['clouds']; signal?: AbortSignal; now?: () => Date } = {},
): Promise<Handled> {
  const context = { ...testContext(given), ...(waited ? { waited } : {}) }
  const result = await cloudstackPublisher.handle(event, { ...bench.dependencies, clouds }, context)
  return 'events' in result ? result : { events: result }
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
