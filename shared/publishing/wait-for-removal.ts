import type { Context, WaitFor } from '#service/define.ts'

const day = 86_400_000

/** Puts the removal of what a superseded drop has off for so many days; `stay` says how it is until then: `images stay hidden`. */
export function waitForRemoval(days: number, stay: string, { now }: Pick<Context, 'now'>): WaitFor {
  return {
    for: null,
    until: new Date(now().getTime() + days * day),
    reason: `the end of the days for which superseded ${stay}`,
    kind: 'planned',
    state: null,
  }
}
