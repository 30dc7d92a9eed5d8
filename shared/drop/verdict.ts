import type { ImageTested } from '#events/image-tested.ts'
import type { Failure } from '#events/vocabulary.ts'

/** A boot test that was failed, as a failure of its step. */
export function failureOfTest({ checks, console }: Pick<ImageTested, 'checks' | 'console'>): Failure {
  const bad = checks.filter((check) => check.outcome === 'failed').map(({ name, detail }) => `${name}: ${detail}`)
  return {
    step: 'boot-tester',
    class: 'verdict',
    reason: `boot test failed: ${bad.join('; ') || 'no check passed'}`,
    log: console,
  }
}
