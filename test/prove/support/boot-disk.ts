import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import type { ImagePlan } from '#events/vocabulary.ts'
import { noCloud } from '../../../services/boot-tester/datasources/nocloud/datasource.ts'
import { createBootTest } from '../../../services/boot-tester/boot-test.ts'
import type { Check } from '../../../services/boot-tester/checks/check.ts'
import { checks } from '../../../services/boot-tester/checks/index.ts'
import type { Hardware } from '../../../services/boot-tester/machines/hardware.ts'
import type { Machine } from '../../../services/boot-tester/machines/machine.ts'
import { createQemu } from '../../../services/boot-tester/machines/qemu/qemu.ts'
import { onlyWarns } from './only-warns.ts'

/** Of each guest. */
export const memoryMib = 1024

interface BootOptions {
  /** Said above what was found. */
  readonly title?: string
  readonly disk: string
  /** For what the boot tester keeps: its state, its logs, the work of this boot. */
  readonly folder: string
  readonly image: Partial<ImagePlan>
  /** The plainest of its architecture unless said. */
  readonly hardware?: Hardware
  /** Beside the boot tester's own. */
  readonly moreChecks?: readonly Check[]
  /** Checks that fail for a reason that is not the image's, by name, each with that reason. One that passes has to leave this list. */
  readonly known?: Readonly<Record<string, string>>
}

/** Boots a disk under all of the boot tester's checks, and prints what each found. */
export async function bootDisk({
  title,
  disk,
  folder,
  image,
  hardware,
  moreChecks = [],
  known = {},
}: BootOptions): Promise<boolean> {
  const qemu = createQemu({
    memoryMib,
    processors: 2,
    growBytes: 1024 ** 3,
    accelerator: 'auto',
    stateFolder: join(folder, 'boot-tester'),
    proveKvmWithin: 15_000,
  })
  const machine: Machine = {
    powerOn: (parts) => qemu.powerOn({ ...parts, hardware: hardware ?? parts.hardware }),
  }
  const limits = { idle: 300_000, total: 1_800_000 }
  const bootTest = createBootTest({
    machine,
    datasource: noCloud,
    checks: [...checks, ...moreChecks],
    limits,
    newNonce: () => 'c0ffee',
  })
  const { size } = await stat(disk)
  const report = await bootTest(
    { image: { ...exampleImage, ...image }, disk: { ...exampleArtifact('raw'), size }, path: disk },
    {
      signal: new AbortController().signal,
      progress: () => {},
      workFolder: join(folder, 'boot'),
      logFolder: join(folder, 'logs'),
      now: () => new Date(),
    },
  )
  if (title !== undefined) console.log(`\n${title}`)
  for (const { name, outcome, detail } of report.checks) {
    console.log(`${outcome.padEnd(8)} ${name}: ${detail}${name in known ? ` (known: ${known[name] ?? ''})` : ''}`)
  }
  console.log(`booted in ${report.seconds.toFixed(0)} s (${report.accelerator})`)
  // What is skipped had nothing to judge, or another check has failed.
  return report.checks.every((check) => (check.outcome !== 'failed') !== check.name in known || onlyWarns(check))
}
