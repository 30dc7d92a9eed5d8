import { dropPublished } from '#events/drop-published.ts'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageKey } from '#events/vocabulary.ts'
import type { BoundService, WakingEvent } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import type { Assemble } from '#service/host.ts'

/** What wakes the converter, besides what it always hears. */
export const waking = [imageTested.subject]

/** How often the announcer looks at the clock before it works. */
export const looks = 2

/** The service, but its jobs wait before they work: the converter's for an event, the announcer's for some time, twice. */
export function withWaits(assemble: Assemble): Assemble {
  return async (host) => {
    const assembled = await assemble(host)
    const wait = waits[assembled.service.name]
    return wait ? { ...assembled, service: wait(assembled.service) } : assembled
  }
}

const waits: Readonly<Record<string, ((service: BoundService) => BoundService) | undefined>> = {
  converter: waitForTest,
  announcer: waitForTime,
}

/** The boot test of an image may be over before its conversion begins to wait for it, or not. */
function waitForTest(service: BoundService): BoundService {
  const wakes: WakingEvent<typeof imageTested> = { event: imageTested, keyOf: testOf }
  return {
    ...service,
    wakes: [wakes],
    async handle(event, context) {
      if (event.subject !== imageBuilt.subject) return await service.handle(event, context)
      const key = testOf(event.body as ImageBuilt)
      const { waited } = context
      if (!waited) {
        // Nothing but the event wakes it in time.
        const until = new Date(context.now().getTime() + 3_600_000)
        return { events: [], wait: { for: key, until, reason: 'a boot test', state: { key } } }
      }
      const { key: kept } = waited.state as { key: string }
      const woken = waited.why === 'time' ? 'time' : testOf(waited.why.event.body as ImageBuilt)
      if (kept !== key || woken !== key)
        throw new PermanentError('bug', `${key} kept ${kept} and was woken by ${woken}`)
      return await service.handle(event, context)
    },
  }
}

function testOf({ drop, image }: Pick<ImageBuilt, 'drop' | 'image'>): string {
  return `${drop} ${imageKey(image)}`
}

function waitForTime(service: BoundService): BoundService {
  return {
    ...service,
    async handle(event, context) {
      if (event.subject !== dropPublished.subject) return await service.handle(event, context)
      const { looked } = (context.waited?.state ?? { looked: 0 }) as { looked: number }
      if (looked === looks) return await service.handle(event, context)
      const until = new Date(context.now().getTime() + 1_000)
      return { events: [], wait: { for: null, until, reason: 'a second', state: { looked: looked + 1 } } }
    },
  }
}
