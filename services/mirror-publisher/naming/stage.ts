import type { ComposeRef } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import type { DropIdentity } from './convention.ts'

/** Where in its life a release is, in the words that file names use. */
export interface Stage {
  readonly name: 'Alpha' | 'Beta' | 'Final' | 'scratch'
  readonly version: string
  /** `1.2` of the label `Beta-1.2`; the dated stamp when there is no label. */
  readonly candidate: string
  /** `20130627`, `20131211.1`, `20180426.n.0`. */
  readonly dated: string
  readonly date: string
  readonly respin: number
}

const typeSuffix = { production: '', nightly: '.n', test: '.t', ci: '.ci', development: '.d' } as const

/** Reads the stage from a drop; throws PermanentError naming the field that cannot be. */
export function describeStage({ kind, milestone, compose }: DropIdentity): Stage {
  const { version, date, respin } = compose
  const dated = date + datedEnd(compose)
  const common = { version, dated, date, respin, candidate: candidateOf(compose.label) ?? dated }
  if (kind !== 'milestone') return { name: 'scratch', ...common }
  if (milestone) return { name: milestone, ...common }
  throw new PermanentError('refused', `milestone: a drop of the kind milestone names none (compose ${compose.id})`)
}

/** Production composes leave a respin of 0 out, as Fedora 19 and 20 did (`20130627`, `20131211.1`). */
function datedEnd({ type, respin }: ComposeRef): string {
  const suffix = typeSuffix[type]
  return suffix === '' && respin === 0 ? '' : `${suffix}.${String(respin)}`
}

/** The label becomes a part of file names, so it is read strictly. */
function candidateOf(label: string | null): string | null {
  if (label === null) return null
  const found = /^[A-Za-z]{1,20}-(\d{1,8}\.\d{1,8})$/.exec(label)?.[1]
  if (found !== undefined) return found
  throw new PermanentError('refused', `compose.label: ${JSON.stringify(label)} is not a label as "Beta-1.2"`)
}
