import type { Registration } from '#events/vocabulary.ts'
import { byPartition } from '../aws/partitions.ts'
import { dropTag, imageTag, tagValue } from '../aws/tags.ts'
import type { CloudContext, UploadOrder } from '../cloud.ts'
import type { Connections } from '../regions/connections.ts'
import { endTrials, tryImage } from '../trial/try-image.ts'

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

/** Ends the trials of an image wherever they may have been begun. */
export async function endTrialsEverywhere(
  { settings, within }: Connections,
  drop: string,
  image: string,
  { signal }: CloudContext,
): Promise<void> {
  for (const name of [...settings.regions, ...settings.bestEffortRegions])
    await within(name, `ending trials of ${drop}`, signal, (region) =>
      endTrials(region, ({ Tags: tags }) => tagValue(tags, dropTag) === drop && tagValue(tags, imageTag) === image),
    )
}
