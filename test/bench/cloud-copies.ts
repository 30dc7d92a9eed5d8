import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { costs, openPlace, orderOf, type Row } from './cloud-place.ts'

const block = 524_288
const mebibyte = 1024 ** 2
/** As many as a release goes to. */
const regions = (
  'us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ' +
  'ap-southeast-1 ap-southeast-2 ap-southeast-3 ca-central-1 eu-central-1 eu-north-1 eu-south-1 eu-west-1 eu-west-2 eu-west-3 ' +
  'me-south-1 sa-east-1'
).split(' ')

/** Two architectures to one region more and to 22, where each copy takes five seconds. */
export async function* measureCopies(folder: string): AsyncGenerator<Row> {
  const seconds = 5
  await using place = await openPlace(folder, { copy: seconds * 1000 })
  const disk = join(folder, 'small.raw')
  await using file = await open(disk, 'w')
  await file.truncate(8 * mebibyte)
  await file.write(Buffer.alloc(block, 7))
  for (const places of [regions.slice(0, 2), regions]) {
    const orders = await Promise.all(
      (['x86_64', 'aarch64'] as const).map(async (architecture) => ({
        ...(await orderOf(disk, `${architecture} ${String(places.length)}`)),
        architecture,
      })),
    )
    const { told, cost } = await place.upload(orders, { regions: places })
    yield {
      name: `${String(told.places)} images in ${String(places.length)} regions, a copy taking ${String(seconds)} s`,
      figures: { ...costs(cost), 'wall s, copies': told.copying, 'memory MB': told.memory },
    }
  }
}
