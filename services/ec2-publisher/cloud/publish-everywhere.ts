import type { Registration } from '#events/vocabulary.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import type { Ec2Settings } from '../config.ts'
import type { CloudContext, Publication, Published } from '../cloud.ts'
import { assertOursIfThere } from '../parameters/versions.ts'
import { pointTo, type Pointing } from '../parameters/point-to.ts'
import { assertPublic, assertPublishable, publishImage } from '../publish/publish-images.ts'
import { settleAtOnce } from '../regions/at-once.ts'
import type { Connections } from '../regions/connections.ts'
import { missingIn, missingUnlessNeeded, type RegionFailure } from '../regions/outcomes.ts'

type Regions = ReadonlyMap<string, readonly Registration[]>

/** Makes images public, as `Cloud.publish` promises: looks in all regions before the first is changed, and names them last. */
export async function publishEverywhere(
  connections: Connections,
  registrations: readonly Registration[],
  context: CloudContext,
  { protect = false, again = false, newest = [] }: Publication = {},
): Promise<Published> {
  const { settings, within, connectWitness } = connections
  const { signal, progress } = context
  assertSameCloud(registrations, settings)
  const regions: Regions = Map.groupBy(registrations, (one) => one.place)
  const unfit = await inEach([...regions.keys()], async (name) => {
    await within(name, 'looking at the images', signal, async (region) => {
      await assertPublishable(region, regions.get(name) ?? [], settings)
      // What was public before stays so, whatever its parameter is.
      if (!again) for (const pointing of pointingsIn(name)) await assertOursIfThere(region, pointing.name)
    })
  })
  const missingOf = again ? missingIn : (failures: readonly RegionFailure[]) => missingUnlessNeeded(failures, settings)
  const notFit = missingOf(unfit)
  const fit = [...regions.keys()].filter((name) => notFit.every(({ place }) => place !== name))
  const failed = await inEach(fit, async (name) => {
    await within(name, 'publishing', signal, async (region) => {
      using witness = await connectWitness(name, signal)
      for (const image of regions.get(name) ?? []) {
        progress({ phase: `publishing ${image.name} (${name})` })
        await publishImage(region, image, { publicSnapshot: settings.publicSnapshots, witness, protect })
      }
    })
  })
  const notOpen = [...notFit, ...missingOf(failed)]
  const open = [...regions.keys()].filter((name) => notOpen.every(({ place }) => place !== name))
  const unmoved = await inEach(open, async (name) => {
    progress({ phase: `naming the newest (${name})` })
    await within(name, 'naming the newest', signal, async (region) => {
      for (const pointing of pointingsIn(name)) await pointTo(region, pointing)
    })
  })
  if (!again) missingUnlessNeeded(unmoved, settings)
  // Naming takes a while, and what is said after it is that the images are there.
  const named = open.filter((name) => pointingsIn(name).length > 0)
  const lost = await inEach(named, async (name) => {
    await within(name, 'looking at the images again', signal, async (region) => {
      for (const image of regions.get(name) ?? []) await assertPublic(region, image)
    })
  })
  const missing = [...notOpen, ...missingOf(lost)]
  const isPublic = ({ place }: Registration) => missing.every((one) => one.place !== place)
  return {
    registrations: registrations.filter(isPublic),
    missing,
    unnamed: unmoved.map(({ error }) => messageOf(error)),
  }

  function pointingsIn(region: string): Pointing[] {
    const { parameters } = settings
    if (parameters === undefined) return []
    return newest.flatMap(({ name, compose, registrations: all }) =>
      all
        .filter(({ place }) => place === region)
        .map(({ id }) => ({ name: `${parameters}/${name}`, imageId: id, compose })),
    )
  }

  async function inEach(names: readonly string[], act: (name: string) => Promise<void>): Promise<RegionFailure[]> {
    const outcomes = await settleAtOnce(names, settings.copies, act)
    signal.throwIfAborted()
    return outcomes.flatMap((outcome, index) =>
      outcome.status === 'rejected' ? [{ place: names[index] ?? '', error: outcome.reason as unknown }] : [],
    )
  }
}

/** An image of the emulator cannot be published in EC2, nor the other way round. */
function assertSameCloud(registrations: readonly Registration[], { emulated }: Ec2Settings): void {
  const other = registrations.find((one) => one.emulated !== emulated)
  if (!other) return
  const [from, to] = emulated ? ['EC2', 'its emulator'] : ['the emulator', 'EC2']
  throw new PermanentError(
    'environment',
    `${other.id} was registered in ${from}, but this process speaks to ${to}; give it the same setting as then`,
  )
}
