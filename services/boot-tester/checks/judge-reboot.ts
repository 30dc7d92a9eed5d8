import type { Answer, Judgement, RebootCheck } from './check.ts'

/** What is asked for some checks before or after a second boot. */
export function scriptsOf(checks: readonly RebootCheck[], when: 'before' | 'after') {
  return checks.map((check) => ({ name: check.name, script: check[when] }))
}

/** What came of each check, by its name. */
export function judgeReboot(
  checks: readonly RebootCheck[],
  before: ReadonlyMap<string, Answer>,
  after: ReadonlyMap<string, Answer>,
): ReadonlyMap<string, Judgement> {
  return new Map(checks.map((check) => [check.name, judgeOne(check, before.get(check.name), after.get(check.name))]))
}

function judgeOne(check: RebootCheck, before: Answer | undefined, after: Answer | undefined): Judgement {
  if (before !== undefined && after !== undefined) return check.judge(before, after)
  const when = before === undefined ? 'before' : 'after'
  return { outcome: 'failed', detail: `the connection ended before it had answered ${when} its second boot` }
}
