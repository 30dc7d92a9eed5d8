import { counts, type CheckResult } from '#events/vocabulary.ts'
import { partsOf, type Part, type Reported } from '../../services/boot-tester/report/subject.ts'
import { safeText } from './safe-text.ts'

const marks: Readonly<Record<CheckResult['outcome'], string>> = { passed: '✓', failed: '✗', skipped: '–' }

const conclusions: Readonly<Record<Reported['verdict'], string>> = {
  passed: 'passed',
  failed: 'failed: the image is not fit for what it was booted in',
  errored: 'errored: this host could not tell',
}

/** Writes what a boot test found for people: every check by its boot, and of what failed all that helps. */
export function renderBootTest(report: Reported): string {
  const lines = partsOf(report).flatMap((part) => [headOf(part), ...checksOf(part)])
  const notes = report.notes.map((note) => `note: ${safeText(note)}`)
  return `${[safeText(report.name), ...lines, ...notes, conclusions[report.verdict]].join('\n')}\n`
}

function headOf({ title, boot }: Part): string {
  if (!boot) return `on the ${title}:`
  const { firmware, chipset, disk, tpm, datasource, accelerator, seconds, reason } = boot
  const machine = [firmware, chipset, disk, ...(tpm ? ['TPM'] : []), datasource, accelerator].join(', ')
  const end = reason === null ? `${seconds.toFixed(0)} s` : `errored: ${safeText(reason)}`
  return `boot ${title} (${machine}): ${end}`
}

/** Checks that were skipped for one reason have one line together, the last. */
function checksOf({ checks }: Part): string[] {
  const skipped = Map.groupBy(
    checks.filter(({ outcome }) => outcome === 'skipped'),
    ({ detail }) => detail,
  )
  const told = [...skipped].map(([detail, { length, 0: first }]) => {
    const what = length === 1 && first ? first.name : `${String(length)} checks`
    return `  ${marks.skipped} ${what.padEnd(16)}  ${safeText(detail)}`
  })
  return [...checks.filter(({ outcome }) => outcome !== 'skipped').flatMap(checkLines), ...told]
}

function checkLines(check: CheckResult): string[] {
  const { name, outcome, detail, waived, expected, lines = [] } = check
  const why = waived ? `; does not count: ${safeText(waived.reason)}` : ''
  const line = `  ${waived ? '~' : marks[outcome]} ${name.padEnd(16)}  ${safeText(detail)}${why}`
  if (!counts(check)) return [line]
  return [
    line,
    ...(expected === undefined ? [] : [`      expected: ${expected}`]),
    ...lines.map((said) => `      | ${safeText(said)}`),
  ]
}
