import { say, type SaidOf } from '#events/define.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import type { Architecture, DropImage } from '#events/vocabulary.ts'
import { handTo, type Given, type Handled } from '#publishing/testing/hand-to.ts'
import type { Waited, WaitFor } from '#service/define.ts'
import { marketplacePublisher } from '../service.ts'
import type { Bench } from './bench.ts'

const sealed = { now: new Date(0) }
const example = dropPublished.example

/** An image that is public in EC2, and is to be listed. */
export function image(architecture: Architecture = 'x86_64', change: Partial<DropImage> = {}): DropImage {
  const [one] = example.images
  const [registration] = one?.registrations ?? []
  if (!one || !registration) throw new Error('the example has no image')
  const id = architecture === 'aarch64' ? 'ami-a123456789abcdef0' : registration.id
  return {
    ...one,
    image: { ...one.image, architecture, targets: ['mirror', 'ec2', 'marketplace'] },
    registrations: [{ ...registration, id, emulated: true }],
    ...change,
  }
}

const final = { milestone: 'Final' as const }

export function published(change: Partial<typeof example> = {}) {
  return seal(say(dropPublished, { ...example, ...final, images: [image()], ...change }), sealed)
}

export function superseded(change: Partial<typeof dropSuperseded.example> = {}) {
  return seal(say(dropSuperseded, { ...dropSuperseded.example, ...final, images: [image()], ...change }), sealed)
}

export function expired(change: Partial<typeof dropExpired.example> = {}) {
  return seal(say(dropExpired, { ...dropExpired.example, ...final, images: [image()], ...change }), sealed)
}

type Event = Parameters<typeof marketplacePublisher.handle>[0]
export type Said = SaidOf<(typeof marketplacePublisher.emits)[number]>

/** Hands an event to the service. */
export async function handle(
  { dependencies, clock }: Pick<Bench, 'dependencies' | 'clock'>,
  event: Event,
  given: Pick<Given, 'waited' | 'signal'> = {},
): Promise<Handled<Said>> {
  return await handTo(marketplacePublisher, dependencies, event, { now: () => new Date(clock.now), ...given })
}

/** Hours go by while it waits, until there is no more to wait for: everything that was said. */
export async function handleToTheEnd(bench: Bench, event: Event, first?: WaitFor): Promise<readonly Said[]> {
  const said: Said[] = []
  let waited: Waited | undefined = first && wokenFrom(first, bench)
  for (let left = 30; left > 0; left--) {
    const { events, wait } = await handle(bench, event, waited ? { waited } : {})
    said.push(...events)
    if (wait === undefined) return said
    bench.clock.now += 3_600_001
    waited = wokenFrom(wait, bench)
  }
  throw new Error('it waits for ever')
}

/** As the runtime wakes a job after a wait. */
export function wokenFrom({ state }: WaitFor, { clock }: Bench): Waited {
  return { state: JSON.parse(JSON.stringify(state)) as unknown, since: new Date(clock.now), why: 'time' }
}

/** What was said, in a word each. */
export function told(events: readonly Said[]): string[] {
  return events.map((one) => {
    if (one.subject === 'image.failed.v1') return `failed: ${one.body.failure.reason}`
    if (one.subject === 'drop.failed.v1') return one.subject
    return one.body.registrations.map(({ state }) => state).join()
  })
}
