import type { Registration } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { translate } from './aws-errors.ts'
import type { Cloud, CloudContext, Uploaded, UploadOrder } from './cloud.ts'
import type { Ec2Settings } from './config.ts'
import { readExtents } from './extents.ts'
import { assertPublishable, publishImage } from './publish-images.ts'
import { connectRegion, type Region } from './region.ts'
import { bytesToRead } from './upload-blocks.ts'
import { uploadImage } from './upload-image.ts'
import type { Pace } from './wait.ts'
import { withdrawDrop } from './withdraw-drop.ts'

/** EC2 itself, or its emulator, spoken to from this process. */
export function createDirectCloud(settings: Ec2Settings): Cloud {
  const paceOf = ({ signal }: CloudContext): Pace => ({
    every: settings.pollSeconds * 1000,
    patience: settings.patienceSeconds * 1000,
    signal,
  })

  async function upload(order: UploadOrder, context: CloudContext): Promise<Uploaded> {
    const { signal, progress } = context
    const extents = await readExtents(order.disk.path, signal)
    const total = bytesToRead(extents, order.disk.size)
    const placed: Awaited<ReturnType<typeof uploadImage>>[] = []
    for (const name of settings.regions) {
      let done = 0
      let phase = ''
      const tell = () => {
        progress({ phase: `${phase} (${name})`, done, total, unit: 'bytes' })
      }
      const onPhase = (next: string) => {
        phase = next
        tell()
      }
      const onBytes = (count: number) => {
        done = Math.min(done + count, total)
        tell()
      }
      const region = { extents, settings, pace: paceOf(context), onPhase, onBytes }
      placed.push(await within(name, `uploading ${order.name}`, context, (there) => uploadImage(there, order, region)))
    }
    return {
      registrations: placed.map((one) => one.registration),
      bytes: placed.reduce((sum, one) => sum + one.bytes, 0),
    }
  }

  async function publish(registrations: readonly Registration[], context: CloudContext): Promise<void> {
    assertSameCloud(registrations, settings)
    const regions = Map.groupBy(registrations, (one) => one.place)
    for (const [name, images] of regions)
      await within(name, 'looking at the images', context, (region) =>
        assertPublishable(region, images, paceOf(context)),
      )
    for (const [name, images] of regions)
      await within(name, 'publishing', context, async (region) => {
        for (const image of images) {
          context.progress({ phase: `publishing ${image.name} (${name})` })
          await publishImage(region, image, settings.publicSnapshots, paceOf(context))
        }
      })
  }

  async function withdraw(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<void> {
    const mine = registrations.filter((one) => one.emulated === settings.emulated)
    for (const name of new Set([...settings.regions, ...mine.map((one) => one.place)])) {
      const there = mine.filter((one) => one.place === name)
      await within(name, `withdrawing ${drop}`, context, (region) => withdrawDrop(region, drop, there, paceOf(context)))
    }
  }

  async function within<Result>(
    name: string,
    doing: string,
    { signal }: CloudContext,
    act: (region: Region) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted()
    using region = await connectRegion(name, settings)
    try {
      return await act(region)
    } catch (error) {
      signal.throwIfAborted()
      throw translate(error, `${doing} in ${name}`)
    }
  }

  return { upload, publish, withdraw }
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
