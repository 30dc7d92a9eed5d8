import type { ImageTested } from '#events/image-tested.ts'
import { counts, type CheckResult, type Failure } from '#events/vocabulary.ts'

/** A boot test that was failed, as a failure of its step. */
export function failureOfTest({ checks, console }: Pick<ImageTested, 'checks' | 'console'>): Failure {
  const bad = checks.filter(counts).map((check) => `${inBoot(check)}: ${check.detail}`)
  return {
    step: 'boot-tester',
    class: 'verdict',
    reason: `boot test failed: ${bad.join('; ') || 'no check passed'}`,
    log: console,
  }
}

function inBoot({ name, boot }: CheckResult): string {
  return boot === undefined ? name : `${name} (${boot})`
}
