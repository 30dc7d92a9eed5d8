import type { CheckResult } from '#events/vocabulary.ts'
import type { Answer, Check, Judgement, Login, LoginCheck, Subject } from './checks/check.ts'
import type { Sighting } from './console/console.ts'

/** What was found about one boot, as it comes, each with its time after power-on in seconds. */
export interface Findings {
  readonly answers: Map<string, Answer & { readonly seconds: number }>
  readonly logins: Map<LoginCheck['as'], Login & { readonly seconds: number }>
  readonly found: (pattern: RegExp) => Pick<Sighting, 'line' | 'seconds'> | null
  /** Why the guest came no further; null when it did all that it was asked for. */
  stopped: string | null
  /** The guest was being asked. */
  asked: boolean
}

/** Judges each check by what was found. `seconds` is the end of the test, when the missing is known to be missing. */
export function judge(checks: readonly Check[], findings: Findings, subject: Subject, seconds: number): CheckResult[] {
  return checks.map((check) => {
    const judged = judgeOne(check, findings, subject)
    return { name: check.name, seconds, ...judged }
  })
}

type Judged = Judgement & { readonly seconds?: number }

function judgeOne(check: Check, findings: Findings, subject: Subject): Judged {
  const because = findings.stopped ?? 'the connection ended before'
  if (check.on === 'login') {
    const login = findings.logins.get(check.as)
    if (login) return { ...check.judge(login), seconds: login.seconds }
    return { outcome: findings.asked ? 'failed' : 'skipped', detail: because }
  }

  const sighting = check.expects ? findings.found(check.expects) : null
  if (check.expects && !sighting) return { outcome: 'failed', detail: because }
  if (check.on === 'console')
    return { outcome: 'passed', detail: sighting?.line ?? '', seconds: sighting?.seconds ?? 0 }

  const answer = findings.answers.get(check.name)
  if (answer) return { ...check.judge(answer, subject), seconds: answer.seconds }
  // With a shell there should have been an answer; without one its check has failed already.
  if (findings.logins.get('default-user')?.shell) return { outcome: 'failed', detail: because }
  return { outcome: 'skipped', detail: findings.stopped ?? 'there was no shell to ask' }
}
