import { stripVTControlCharacters } from 'node:util'
import { deadEnds } from '#publishing/dead-ends.ts'
import { lineOf, type Fact } from '#publishing/telling-guest.ts'

/** What a guest must have learnt from EC2. */
export interface Expected {
  readonly nonce: string
  readonly instanceId: string
  /** As EC2 calls its host: `ip-172-31-3-4.ec2.internal`. */
  readonly privateDnsName: string
}

export type Judgement =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'failed'; readonly reason: string }
  /** It has not told everything yet. */
  | { readonly outcome: 'undecided'; readonly lastLine: string }

/** Judges a guest by what it has said on its console until now. */
export function judgeConsole(console: string, expected: Expected): Judgement {
  const lines = stripVTControlCharacters(console)
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
  const told = (name: Fact | 'end') =>
    lines.map((line) => lineOf(expected.nonce, name).exec(line)?.[1]).findLast(isTold)
  if (told('end') === undefined) {
    const end = lines.find((line) => deadEnds.some((pattern) => pattern.test(line)))
    if (end !== undefined) return { outcome: 'failed', reason: `the guest gave up: ${end}` }
    return { outcome: 'undecided', lastLine: lines.at(-1) ?? '' }
  }
  const wrong = checks.flatMap(({ fact, what, isRight }) => {
    const value = told(fact) ?? ''
    return isRight(value, expected) ? [] : [`${what}: it told ${JSON.stringify(value)}`]
  })
  return wrong.length === 0 ? { outcome: 'passed' } : { outcome: 'failed', reason: wrong.join('; ') }
}

const checks: readonly {
  readonly fact: Fact
  readonly what: string
  readonly isRight: (value: string, expected: Expected) => boolean
}[] = [
  { fact: 'datasource', what: 'cloud-init was not told by EC2', isRight: (value) => value.includes('DataSourceEc2') },
  {
    fact: 'instance-id',
    what: 'cloud-init does not know the instance by its id',
    isRight: (value, { instanceId }) => value === instanceId,
  },
  {
    fact: 'hostname',
    what: 'the guest has not the name that EC2 gave it',
    isRight: (value, { privateDnsName }) => [privateDnsName, privateDnsName.split('.')[0]].includes(value),
  },
  { fact: 'default-user', what: 'there is no default user', isRight: (value) => value !== '' },
  {
    fact: 'password',
    what: 'the default user can log in by a password, or without one',
    isRight: (value) => /^[!*]$/.test(value),
  },
]

function isTold(value: string | undefined): boolean {
  return value !== undefined
}
