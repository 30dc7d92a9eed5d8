import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPartitionTable } from '#disk/partitions.ts'
import { exampleImage } from '#events/examples.ts'
import type { CheckResult } from '#events/vocabulary.ts'
import { sideBySide } from '#service/side-by-side.ts'
import { run } from '#subprocess/run.ts'
import { testContext } from '#test/support/context.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { checks, laterChecks } from '../../services/boot-tester/checks/index.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { damageRoot } from '../../services/boot-tester/testing/damages/damage.ts'
import { guestDamages, type GuestDamage } from '../../services/boot-tester/testing/damages/guest.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian } from './support/build-debian.ts'
import { guestsHere } from './support/guests-here.ts'
import { onlyWarns } from './support/only-warns.ts'
import { stopwatch } from './support/stopwatch.ts'
import { tallyOf } from './support/tally.ts'

const mebi = 1024 ** 2
const memoryMib = 1024

/**
 * Boots a Debian image as it is, and broken in every way that a check of a guest is for: the checks that should fail do, for
 * that reason, and no others. Damages that do not get in each other's way share a guest; several guests run at a time.
 * `npm run prove -- damages [DISK [CHECK…|GUEST…|each]]`: of another raw disk of that recipe; for these checks alone, each in a guest of its
 * own, or in these guests; `each` is a guest for each damage, which takes hours under emulation.
 */
export async function prove(): Promise<boolean> {
  const [, , , path, ...only] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-damages-'))
  const good = path ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (good === null) return false
  const clock = stopwatch()
  const tally = tallyOf('damages')
  const pieces = guestsFor(only).map((guest, index) => async () => {
    const own = join(folder, String(index))
    await mkdir(own)
    const found = bootDamaged(good, guest, own)
    let isAsStated = true
    for (const row of guest.length === 0 ? [untouched] : guest) {
      const isFound = await tally.try(row.what, async () => {
        const { detail, isFound } = judge(row, guest, await found)
        console.log(`${clock()} | ${row.what} | ${detail} | ${isFound ? 'as it should be' : `not so, see ${own}`} |`)
        return isFound
      })
      isAsStated &&= isFound
    }
    if (isAsStated) await rm(own, { recursive: true })
  })
  await sideBySide(pieces, { atOnce: guestsHere(memoryMib), signal: new AbortController().signal })
  const isProven = tally.conclude()
  if (isProven) await rm(folder, { recursive: true })
  return isProven
}

const untouched = { what: 'nothing', finds: [] as string[], says: null }
type Row = Pick<GuestDamage, 'what'> & { readonly finds: readonly string[]; readonly says: RegExp | null }

/** The damages of each guest. The first has none, unless only some are wanted. */
function guestsFor(only: readonly string[]): readonly (readonly GuestDamage[])[] {
  if (only.includes('each')) return [[], ...guestDamages.map((one) => [one])]
  const shared = [...Map.groupBy(guestDamages, ({ guest, what }) => guest ?? what)]
  if (only.length > 0) {
    const single = guestDamages.filter(({ finds }) => only.includes(finds[0])).map((one) => [one])
    return [...single, ...shared.filter(([name]) => only.includes(name)).map(([, damages]) => damages)]
  }
  // What lives on takes longest.
  const all = shared.map(([, damages]) => damages)
  return [[], ...all.toSorted((one, other) => laterOf(other).length - laterOf(one).length)]
}

function laterOf(damages: readonly GuestDamage[]) {
  return laterChecks.filter(({ name }) => damages.some(({ finds }) => finds.includes(name)))
}

/** Whether a damage was found by its checks, for its reason, and whether nothing failed that no damage of the guest is for. */
function judge({ finds, says }: Row, guest: readonly GuestDamage[], failed: readonly CheckResult[]) {
  const wanted = new Set(guest.flatMap((one) => one.finds))
  const own = failed.filter(({ name }) => finds.includes(name))
  const strange = failed.filter((one) => !wanted.has(one.name) && !onlyWarns(one))
  const reason = own.find(({ name }) => name === finds[0])?.detail ?? ''
  const told = [...own, ...strange].map(({ name, detail }) => `${name}: ${detail}`)
  return {
    detail: told.join('; ') || 'nothing',
    isFound: own.length === finds.length && strange.length === 0 && (says?.test(reason) ?? true),
  }
}

/** Boots a copy of a disk that is damaged so, and gives the checks that failed. */
async function bootDamaged(
  good: string,
  damages: readonly GuestDamage[],
  folder: string,
): Promise<readonly CheckResult[]> {
  const disk = join(folder, 'disk.raw')
  await run('cp', ['--reflink=auto', '--sparse=always', good, disk])
  // Its last partition is the root.
  const root = (await readPartitionTable(disk))?.partitions.at(-1)
  for (const one of damages) await damageRoot(disk, one, { rootAt: root?.start ?? 0 })
  const machine = createQemu({
    memoryMib,
    processors: 2,
    growBytes: 2048 * mebi,
    accelerator: 'auto',
    stateFolder: folder,
    proveKvmWithin: 15_000,
  })
  const limits = { idle: 240_000, total: 1_800_000 }
  // A guest lives on only for those that should fail.
  const later = laterOf(damages)
  const bootTest = createBootTest({ machine, datasource: noCloud, checks, later, limits, newNonce: () => 'c0ffee' })
  const image = { ...exampleImage, architecture: 'x86_64' as const, recipe: 'debian-12' }
  const { size } = await stat(disk)
  const subject = { image, disk: { uri: disk, sha256: '0'.repeat(64), size, format: 'raw' }, path: disk }
  const { checks: found } = await bootTest(subject, testContext({ folder }))
  return found.filter(({ outcome }) => outcome === 'failed')
}
