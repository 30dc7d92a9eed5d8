import { counts, type CheckResult } from '#events/vocabulary.ts'
import { html as xml, type Html } from '#markup/html.ts'
import { plainText } from './plain-text.ts'
import { partsOf, type Part, type Reported } from './subject.ts'

/**
 * The report as test tools read it: JUnit XML in Jenkins' dialect, a suite for each try at each boot. What does not count
 * is skipped with its reason, since there is no other word for it there.
 */
export function formatJUnit(report: Reported): string {
  const parts = partsOf(report)
  const { verdict, name } = report
  const suites = parts.map((part) => suite(part, report))
  const failures = report.checks.filter(counts).length
  const errors = report.boots.filter(({ outcome }) => outcome === 'errored').length
  const tests = report.checks.length + errors
  const time = report.boots.reduce((sum, { seconds }) => sum + seconds, 0)
  return xml`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${plainText(`boot test of ${name}: ${verdict}`)}"
  tests="${tests}" failures="${failures}" errors="${errors}" time="${inSeconds(time)}">
${suites}</testsuites>
`.markup
}

function suite({ title, boot, checks }: Part, { name, testedAt }: Reported): Html {
  const errored = boot?.outcome === 'errored'
  const failures = checks.filter(counts).length
  const skipped = checks.filter((check) => check.outcome !== 'passed' && !counts(check)).length
  const className = plainText(`${name}.${title}`)
  return xml`<testsuite name="${title}" tests="${checks.length + Number(errored)}" failures="${failures}"
  errors="${Number(errored)}" skipped="${skipped}" time="${inSeconds(boot?.seconds ?? 0)}"
  timestamp="${testedAt.toISOString().slice(0, 19)}">
<properties>${boot ? properties(boot) : ''}</properties>
${checks.map((check) => testCase(check.name, className, check.seconds, outcome(check)))}${
    errored
      ? testCase('boot', className, 0, xml`<error type="errored" message="${plainText(boot.reason ?? '')}"/>`)
      : ''
  }</testsuite>
`
}

function properties({ firmware, chipset, disk, tpm, datasource, accelerator }: NonNullable<Part['boot']>): Html[] {
  const named = { firmware, chipset, disk, tpm: String(tpm), datasource, accelerator }
  return Object.entries(named).map(([name, value]) => xml`<property name="${name}" value="${value}"/>`)
}

function testCase(name: string, className: string, seconds: number, outcome: Html): Html {
  return xml`<testcase name="${name}" classname="${className}" time="${inSeconds(seconds)}">${outcome}</testcase>
`
}

function outcome(check: CheckResult): Html {
  const detail = plainText(check.detail)
  if (check.outcome === 'passed') return xml``
  if (check.outcome === 'skipped') return xml`<skipped message="${detail}" />`
  if (check.waived) {
    const { reason, link, until } = check.waived
    const why = [reason, ...(link === undefined ? [] : [link]), ...(until === undefined ? [] : [`until ${until}`])]
    return xml`<skipped message="${plainText(`failed, does not count: ${why.join(', ')}: ${detail}`)}" />`
  }
  const lines = (check.lines ?? []).map(plainText).join('\n')
  const text = `expected: ${check.expected ?? check.name}\nfound: ${detail}\n${lines === '' ? '' : `console:\n${lines}\n`}`
  return xml`<failure type="check" message="${detail}">${text}</failure>`
}

function inSeconds(seconds: number): string {
  return seconds.toFixed(3)
}
