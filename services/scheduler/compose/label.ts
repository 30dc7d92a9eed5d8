const milestones = { Alpha: 'Alpha', Beta: 'Beta', RC: 'Final' } as const
const grammar =
  /^(?<name>EA|DevelPhaseExit|InternalAlpha|Alpha|InternalSnapshot|Beta|Snapshot|RC|Update|SecurityFix)-(?<version>\d+)\.(?<respin>\d+)$/

/** What a compose label says: a candidate of a milestone, something else that is no drop, or nothing readable. */
export type Label =
  | {
      readonly says: 'candidate'
      readonly milestone: (typeof milestones)[keyof typeof milestones]
      readonly version: number
      readonly respin: number
    }
  | { readonly says: 'other'; readonly reason: string }
  | { readonly says: 'nothing' }

/** Reads a label in the grammar of productmd. */
export function parseLabel(label: string): Label {
  const { name, version, respin } = grammar.exec(label)?.groups ?? {}
  if (!name || !version || !respin) return { says: 'nothing' }
  if (!(name in milestones))
    return { says: 'other', reason: `the label ${label} names no Alpha, Beta or Final candidate` }
  // Composes of updates after the release are labelled by date, which the grammar lets through.
  if (/^\d{8}$/.test(version)) return { says: 'other', reason: `the label ${label} is a date: a post-release update` }
  const milestone = milestones[name as keyof typeof milestones]
  return { says: 'candidate', milestone, version: Number(version), respin: Number(respin) }
}
