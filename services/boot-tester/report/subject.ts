import type { ImageReport } from '../image-report.ts'

/** What a report is about: all that was found, and of what. */
export interface Reported extends ImageReport {
  /** As people call it: `generic.x86_64 of weekly-Debian-12-20261121.n.0`, or a file's name. */
  readonly name: string
  readonly disk: { readonly sha256: string; readonly size: number }
  readonly testedAt: Date
}

/** One part of a report: what one try at a boot found, or what was seen on the disk itself. */
export interface Part {
  readonly title: string
  /** In letters that an anchor may have. */
  readonly id: string
  readonly boot: ImageReport['boots'][number] | null
  readonly checks: ImageReport['checks']
}

/** The parts of a report, in the order in which they were found. */
export function partsOf({ checks, boots }: ImageReport): Part[] {
  const disk = checks.filter(({ boot }) => boot === undefined)
  return [
    ...(disk.length === 0 ? [] : [{ title: 'disk', id: 'disk', boot: null, checks: disk }]),
    ...boots.map((boot) => ({
      title: boot.attempt === 1 ? boot.name : `${boot.name}, try ${String(boot.attempt)}`,
      id: `boot-${boot.name}-${String(boot.attempt)}`,
      boot,
      checks: checks.filter((check) => check.boot === boot.name && (check.attempt ?? 1) === boot.attempt),
    })),
  ]
}
