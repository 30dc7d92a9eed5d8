import type { Registration } from '#events/vocabulary.ts'
import { byPartition } from '../aws/partitions.ts'
import type { CloudContext, UploadOrder } from '../cloud.ts'
import type { Connections } from '../regions/connections.ts'
import { tryImage } from '../trial/try-image.ts'

/** Tries an image in one region of each partition, as `Cloud.tryOut` promises: copies hold the same blocks. */
export async function tryEverywhere(
  { settings, within }: Connections,
  order: UploadOrder,
  registrations: readonly Registration[],
  { signal, progress }: CloudContext,
): Promise<string | null> {
  const waits: string[] = []
  for (const { home } of await byPartition(registrations.map(({ place }) => place))) {
    const imageId = registrations.find(({ place }) => place === home)?.id ?? ''
    progress({ phase: `trying the image (${home})` })
    const trial = { imageId, settings, now: new Date() }
    const wait = await within(home, `trying ${order.name}`, signal, (region) => tryImage(region, order, trial))
    if (wait !== null) waits.push(wait)
  }
  return waits.length === 0 ? null : waits.join('; ')
}
