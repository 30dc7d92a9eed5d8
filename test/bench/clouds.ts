import { mkdtemp, open, rm, truncate } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { measureCopies } from './cloud-copies.ts'
import { openPlace, orderOf, type Row } from './cloud-place.ts'
import { measureNext, measureRates } from './cloud-rates.ts'

const mebibyte = 1024 ** 2
const gibibyte = 1024 * mebibyte

/**
 * Measures uploads of a disk to the emulated EC2, beside coldsnap where there is one: AWS's own uploader of snapshots, which is no part
 * of imagedrop. The parts are `rates`, `sizes` and `copies`.
 */
export async function* measureClouds(disk: string, coldsnap: string, parts: readonly string[]): AsyncGenerator<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  try {
    const copy = join(folder, 'disk.raw')
    await run('cp', ['--reflink=auto', '--sparse=always', disk, copy])
    if (parts.includes('rates')) {
      const isThere = await run(coldsnap, ['--help']).then(
        () => true,
        () => false,
      )
      const hint = `no ${coldsnap} to measure beside: cargo install coldsnap --version 0.12.0, or DISK,/path/to/it`
      if (!isThere) yield { name: hint, figures: {} }
      yield* measureRates(folder, copy, isThere ? coldsnap : null)
      yield* measureNext(folder, copy)
    }
    if (parts.includes('sizes')) yield* measureSizes(folder, copy)
    if (parts.includes('copies')) yield* measureCopies(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What large disks take of memory: one that is empty behind its data, and one with data all over it. */
async function* measureSizes(folder: string, disk: string): AsyncGenerator<Row> {
  await truncate(disk, 2 * gibibyte)
  yield await measureSize(folder, disk, 'the disk made 2 GiB, empty behind it')
  await rm(disk)
  const spread = join(folder, 'spread.raw')
  await spreadOver(spread, 20)
  yield await measureSize(folder, spread, '2 GiB of data all over a disk of 20 GiB')
}

/** In every ten MiB, one that is like no other. */
async function spreadOver(path: string, gibibytes: number): Promise<void> {
  await using file = await open(path, 'w')
  const bytes = randomBytes(mebibyte)
  for (let at = 0; at < gibibytes * gibibyte; at += 10 * mebibyte) {
    bytes.writeDoubleBE(at, 0)
    bytes.writeDoubleBE(at, mebibyte / 2)
    await file.write(bytes, 0, mebibyte, at)
  }
  await file.truncate(gibibytes * gibibyte)
}

async function measureSize(folder: string, disk: string, name: string): Promise<Row> {
  await using place = await openPlace(folder)
  const { told } = await place.upload([await orderOf(disk, name)])
  const { sending, bytes, memory } = told
  return { name, figures: { 'sent MiB': bytes / mebibyte, 'wall s': sending, 'memory MB': memory } }
}
