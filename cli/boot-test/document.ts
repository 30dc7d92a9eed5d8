import { readFile, stat } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { formatBootTestReport } from '#publishing/boot-test-report.ts'
import { decisiveBoot, type BootRun } from '../../services/boot-tester/image-report.ts'
import type { Reported } from '../../services/boot-tester/report/subject.ts'

/** A file that a boot has left, with its name in a report's folder. */
export interface LeftFile {
  readonly name: string
  readonly path: string
}

/** Everything that the boots of a report have left. */
export function leftFiles({ boots }: Reported): LeftFile[] {
  return boots.flatMap((boot) => {
    const { console, requests, screenshots } = boot
    return [
      ...(console === null ? [] : [{ name: consoleName(boot), path: console }]),
      ...(requests === null ? [] : [{ name: requestsName(boot), path: requests }]),
      ...screenshots.map(({ moment, path }) => ({ name: `${stemOf(boot)}.${moment}.png`, path })),
    ]
  })
}

/** The report for programs. */
export async function describeTest(report: Reported): Promise<string> {
  const { name, verdict, disk, testedAt, checks, boots, notes } = report
  return formatBootTestReport({
    drop: null,
    image: name,
    verdict,
    disk,
    testedAt: testedAt.toISOString(),
    accelerator: decisiveBoot(report.boots)?.accelerator ?? 'none',
    checks: [...checks],
    boots: boots.map((boot) => ({
      ...boot,
      console: boot.console === null ? null : consoleName(boot),
      requests: boot.requests === null ? null : requestsName(boot),
      screenshots: boot.screenshots.map(({ moment }) => moment),
    })),
    notes: [...notes],
    files: await Promise.all(leftFiles(report).map(measure)),
  })
}

function stemOf({ name, attempt }: BootRun): string {
  return attempt === 1 ? name : `${name}-${String(attempt)}`
}

function consoleName(boot: BootRun): string {
  return `${stemOf(boot)}.console.log`
}

function requestsName(boot: BootRun): string {
  return `${stemOf(boot)}.requests.jsonl`
}

async function measure({ name, path }: LeftFile) {
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  return { name, sha256, size: (await stat(path)).size }
}
