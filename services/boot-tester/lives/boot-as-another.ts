import { appendFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckResult } from '#events/vocabulary.ts'
import type { BootContext, BootReport, DiskUnderTest } from '../boot-report.ts'
import { createSourceBoot, type SourceBootOptions } from '../boots/source-boot.ts'
import type { NewInstanceCheck } from '../checks/check.ts'

interface Another {
  /** The raw disk that the first instance has left. */
  readonly disk: string
  readonly checks: readonly NewInstanceCheck[]
  readonly image: DiskUnderTest
  /** What is known of the first instance; its console goes on with that of the other. */
  readonly first: BootReport
}

/** Boots the disk that a guest has left as another instance of the same cloud, and adds what it learnt to a report. */
export async function bootAsAnother(
  { disk, checks, image, first }: Another,
  options: SourceBootOptions,
  context: BootContext,
): Promise<BootReport> {
  const boot = createSourceBoot(options)
  const { size } = await stat(disk)
  const report = await boot(
    { ...image, disk: { size }, path: disk },
    {
      ...context,
      workFolder: join(context.workFolder, 'another-instance'),
      logFolder: join(context.logFolder, 'another-instance'),
      progress: ({ phase, ...rest }) => {
        context.progress({ ...rest, phase: `another instance: ${phase}` })
      },
    },
  )
  await appendFile(first.console, '\n[another instance, from the disk that the first has left]\n')
  await appendFile(first.console, await readFile(report.console))
  const seconds = first.seconds + report.seconds
  const results = checks.map((check): CheckResult => ({ name: check.name, seconds, ...check.judge(report.checks) }))
  return {
    ...first,
    checks: [...first.checks, ...results],
    seconds,
    phases: [...first.phases, { name: 'another instance', seconds: first.seconds }],
  }
}
