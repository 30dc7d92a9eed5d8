import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPartitionTable } from '#disk/partitions.ts'
import { exampleImage } from '#events/examples.ts'
import type { CheckResult } from '#events/vocabulary.ts'
import { run } from '#subprocess/run.ts'
import { testContext } from '#test/support/context.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { checks, laterChecks } from '../../services/boot-tester/checks/index.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { damageRoot } from '../../services/boot-tester/testing/damages/damage.ts'
import { guestDamages, type GuestDamage } from '../../services/boot-tester/testing/damages/guest.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { sideBySide } from '../../services/boot-tester/side-by-side.ts'
import { buildDebian } from './support/build-debian.ts'
import { guestsHere } from './support/guests-here.ts'
import { onlyWarns } from './support/only-warns.ts'
import { stopwatch } from './support/stopwatch.ts'
import { tallyOf } from './support/tally.ts'

const mebi = 1024 ** 2
const memoryMib = 1024

/**
 * Boots a Debian image once for each way to break it, and once as it is, one guest on each processor: the checks that should
 * fail do, and no others. `npm run prove -- damages [DISK [CHECK…]]`: of another raw disk of that recipe, and for these checks alone.
 */
export async function prove(): Promise<boolean> {
  const [, , , path, ...only] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-damages-'))
  const good = path ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (good === null) return false
  const chosen = guestDamages.filter(({ finds }) => only.length === 0 || only.includes(finds[0]))
  const untouched = { what: 'nothing', finds: [] as string[] }
  const rows: readonly Row[] = only.length === 0 ? [untouched, ...chosen] : chosen
  const clock = stopwatch()
  const tally = tallyOf('damages')
  const pieces = rows.map((row, index) => async () => {
    await tally.try(row.what, async () => {
      const own = join(folder, String(index))
      await mkdir(own)
      const found = failedOf(await bootDamaged(good, row, own), row.finds)
      const isFound = found.toSorted().join() === [...row.finds].toSorted().join()
      const outcome = isFound ? 'as it should be' : `should be ${row.finds.join(', ') || 'nothing'}, see ${own}`
      console.log(`${clock()} | ${row.what} | ${found.join(', ') || 'nothing'} | ${outcome} |`)
      if (isFound) await rm(own, { recursive: true })
      return isFound
    })
  })
  await sideBySide(pieces, { atOnce: guestsHere(memoryMib), signal: new AbortController().signal })
  const isProven = tally.conclude()
  if (isProven) await rm(folder, { recursive: true })
  return isProven
}

/** The checks that failed, but for warnings that nobody looks for. */
function failedOf(results: readonly CheckResult[], wanted: readonly string[]): string[] {
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  return failed.filter((one) => wanted.includes(one.name) || !onlyWarns(one)).map(({ name }) => name)
}

type Row = Pick<GuestDamage, 'files' | 'requests'> & { readonly what: string; readonly finds: readonly string[] }

async function bootDamaged(good: string, row: Row, folder: string): Promise<readonly CheckResult[]> {
  const disk = join(folder, 'disk.raw')
  await run('cp', ['--reflink=auto', '--sparse=always', good, disk])
  // Its last partition is the root.
  const root = (await readPartitionTable(disk))?.partitions.at(-1)
  await damageRoot(disk, row, { rootAt: root?.start ?? 0 })
  const machine = createQemu({
    memoryMib,
    processors: 2,
    growBytes: 2048 * mebi,
    accelerator: 'auto',
    stateFolder: folder,
    proveKvmWithin: 15_000,
  })
  const limits = { idle: 240_000, total: 1_200_000 }
  // A guest lives on only for those that should fail.
  const later = laterChecks.filter(({ name }) => row.finds.includes(name))
  const bootTest = createBootTest({ machine, datasource: noCloud, checks, later, limits, newNonce: () => 'c0ffee' })
  const image = { ...exampleImage, architecture: 'x86_64' as const, recipe: 'debian-12' }
  const { size } = await stat(disk)
  const subject = { image, disk: { uri: disk, sha256: '0'.repeat(64), size, format: 'raw' }, path: disk }
  return (await bootTest(subject, testContext({ folder }))).checks
}
