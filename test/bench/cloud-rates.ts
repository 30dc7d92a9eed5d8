import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { costs, openPlace, orderOf, type Cost, type Row } from './cloud-place.ts'
import type { UploadFigures } from './upload-once.ts'

const block = 524_288
const mebibyte = 1024 ** 2
const rounds = 5
/**
 * What was made is there at once: coldsnap does not wait for its snapshot to be completed, and rests two seconds when a new one is not
 * to be seen yet. Only the sending is compared.
 */
const atOnce = { visibility: 0, completion: 0, availability: 0 }

/** What an upload of a disk costs beside coldsnap, by turns, so that what else the machine does troubles both alike. */
export async function* measureRates(folder: string, disk: string, coldsnap: string | null): AsyncGenerator<Row> {
  await using place = await openPlace(folder, atOnce)
  const ours: (Cost & UploadFigures)[] = []
  const theirs: Cost[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { told, cost } = await place.upload([await orderOf(disk, `round ${String(round)}`)])
    ours.push({ ...told, ...cost })
    if (coldsnap === null) continue
    const args = ['--endpoint', place.url, 'upload', '--no-progress', '--omit-zero-blocks', disk]
    theirs.push(await place.costOf(coldsnap, args))
  }
  const sent = (ours[0]?.bytes ?? 0) / mebibyte
  const [whole, sending, other] = [ours, ours.map((one) => ({ ...one, wall: one.sending })), theirs].map(medianOf)
  yield { name: `${String(sent)} MiB, registered and read back`, figures: costs(whole) }
  yield { name: '  of that, until the snapshot is completed', figures: { 'wall s': sending?.wall ?? 0 } }
  yield { name: '  the same by coldsnap, a snapshot alone', figures: costs(other) }
}

/** The disk of next week: five of a hundred blocks are others. */
export async function* measureNext(folder: string, disk: string): AsyncGenerator<Row> {
  await using place = await openPlace(folder)
  const state = join(folder, 'state')
  await place.upload([await orderOf(disk, 'this week')], { state })
  const next = join(folder, 'next.raw')
  await run('cp', ['--reflink=auto', '--sparse=always', disk, next])
  const changed = await changeBlocks(next)
  const { told, cost } = await place.upload([await orderOf(next, 'next week')], { state })
  yield {
    name: `${String((changed * block) / mebibyte)} MiB of it changed`,
    figures: { ...costs(cost), 'sent MiB': told.bytes / mebibyte },
  }
  await rm(next)
}

async function changeBlocks(path: string): Promise<number> {
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  let changed = 0
  for (let at = 0; at + block <= size; at += 20 * block) {
    const was = Buffer.alloc(block)
    await file.read(was, 0, block, at)
    if (was.every((byte) => byte === 0)) continue
    was[block - 1] = ((was[block - 1] ?? 0) + 1) % 256
    await file.write(was, 0, block, at)
    changed += 1
  }
  return changed
}

function medianOf(all: readonly Cost[]): Cost {
  const middle = (of: (one: Cost) => number) => all.map(of).toSorted((one, other) => one - other)[all.length >> 1] ?? 0
  return {
    wall: middle(({ wall }) => wall),
    processor: middle(({ processor }) => processor),
    emulator: middle(({ emulator }) => emulator),
  }
}
