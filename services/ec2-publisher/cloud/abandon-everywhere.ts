import { byPartition } from '../aws/partitions.ts'
import { dropTag, imageTag, tagValue } from '../aws/tags.ts'
import type { CloudContext } from '../cloud.ts'
import { endImports } from '../imports/end-imports.ts'
import { importPlaceOf } from '../imports/import-place.ts'
import type { Connections } from '../regions/connections.ts'
import { endTrials } from '../trial/try-image.ts'

/** Ends what is under way for an image wherever it may have been begun, as `Cloud.abandon` promises. */
export async function abandonEverywhere(
  { settings, within }: Connections,
  drop: string,
  image: string,
  { signal }: CloudContext,
): Promise<void> {
  const names = [...settings.regions, ...settings.bestEffortRegions]
  if (settings.trials.length > 0)
    for (const name of names)
      await within(name, `ending trials of ${drop}`, signal, (region) =>
        endTrials(region, ({ Tags: tags }) => tagValue(tags, dropTag) === drop && tagValue(tags, imageTag) === image),
      )
  for (const { home } of await byPartition(names)) {
    const place = await importPlaceOf({ name: home }, settings)
    if (place === null) continue
    await within(home, `ending imports of ${drop}`, signal, (region) =>
      endImports(region, place, { drop, image, snapshots: 'mark' }),
    )
  }
}
