import type { Registration } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { assertUnencryptedByDefault } from '../aws/encryption.ts'
import { translate } from '../aws/errors.ts'
import { connectRegion, type Credentials, type Region } from '../aws/region.ts'
import { assertUsable } from '../aws/regions.ts'
import type { Ec2Settings } from '../config.ts'
import { assertPublishable, publishImage } from '../publish/publish-images.ts'
import { readExtents } from '../upload/extents.ts'
import { bytesToRead } from '../upload/upload-blocks.ts'
import { uploadImage } from '../upload/upload-image.ts'
import { withdrawDrop } from '../withdraw/withdraw-drop.ts'
import type { Cloud, CloudContext, Uploaded, UploadOrder } from '../cloud.ts'

/** EC2 itself, or its emulator, spoken to from this process. Without credentials, they are looked for as AWS's own tools do. */
export function createDirectCloud(settings: Ec2Settings, credentials?: Credentials): Cloud {
  async function upload(order: UploadOrder, context: CloudContext): Promise<Uploaded> {
    const { signal, progress } = context
    await assertRegions(context)
    for (const name of settings.regions)
      await within(name, 'looking whether images can be uploaded', context, assertUnencryptedByDefault)
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
      const content = { extents, settings, onPhase, onBytes }
      placed.push(
        await within(name, `uploading ${order.name}`, context, (region) => uploadImage(region, order, content)),
      )
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
      await within(name, 'looking at the images', context, (region) => assertPublishable(region, images))
    for (const [name, images] of regions)
      await within(name, 'publishing', context, async (region) => {
        for (const image of images) {
          context.progress({ phase: `publishing ${image.name} (${name})` })
          await publishImage(region, image, settings.publicSnapshots)
        }
      })
  }

  async function withdraw(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<void> {
    await assertRegions(context)
    const mine = registrations.filter((one) => one.emulated === settings.emulated)
    for (const name of new Set([...settings.regions, ...mine.map((one) => one.place)])) {
      const there = mine.filter((one) => one.place === name)
      await within(name, `withdrawing ${drop}`, context, (region) => withdrawDrop(region, drop, there))
    }
  }

  async function assertRegions({ signal }: CloudContext): Promise<void> {
    const connect = (name: string) => connectRegion(name, { settings, credentials, signal })
    await inWords('looking for the regions', signal, () => assertUsable(settings.regions, connect))
  }

  async function within<Result>(
    name: string,
    doing: string,
    { signal }: CloudContext,
    act: (region: Region) => Promise<Result>,
  ): Promise<Result> {
    return await inWords(`${doing} in ${name}`, signal, async () => {
      using region = await connectRegion(name, { settings, credentials, signal })
      return await act(region)
    })
  }

  return { upload, publish, withdraw }
}

/** Says of an error of AWS's what it came from and what it means. */
async function inWords<Result>(doing: string, signal: AbortSignal, act: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted()
  try {
    return await act()
  } catch (error) {
    signal.throwIfAborted()
    throw translate(error, doing)
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
