import type { CheckResult } from '#events/vocabulary.ts'
import type { DataSource, GuestRequest, Instance } from '../datasources/datasource.ts'
import type { Fact } from '#publishing/telling-guest.ts'

/** What a guest told, with its time after power-on in seconds. */
export type Told = ReadonlyMap<Fact, { readonly value: string; readonly seconds: number }>

interface Found {
  readonly datasource: DataSource
  readonly instance: Instance
  /** The id that the guest's cloud has chosen, where that does not follow from the instance. */
  readonly instanceId?: string
  readonly told: Told
  readonly requests: readonly GuestRequest[]
  /** Why the guest did not tell everything. */
  readonly stopped: string | null
  readonly seconds: number
}

interface SourceCheck {
  readonly name: string
  readonly fact: Fact
  readonly expected: string
  readonly isRight: (value: string, found: Found) => boolean
  readonly appliesTo?: (datasource: DataSource) => boolean
}

const checks: readonly SourceCheck[] = [
  {
    name: 'data-source',
    fact: 'datasource',
    expected: 'cloud-init was told by this data source',
    isRight: (value, { datasource }) => datasource.reportedAs.test(value),
  },
  {
    name: 'instance-id',
    fact: 'instance-id',
    expected: 'cloud-init took the instance for a new one, by the id that it was given',
    isRight: (value, { datasource, instance, instanceId }) => value === (instanceId ?? datasource.idOf(instance)),
  },
  {
    name: 'hostname',
    fact: 'hostname',
    expected: 'the guest has the name that it was given',
    isRight: (value, { instance }) => value === instance.hostname,
  },
  {
    name: 'injected-key',
    fact: 'authorized-keys',
    expected: 'the default user lets the injected key in',
    isRight: (value) => value === '1',
  },
  {
    name: 'cloud-password',
    fact: 'password',
    expected: "the default user has the cloud's password, and the cloud was told so",
    isRight: (value, { requests }) => !/^[!*]?$/.test(value) && requests.filter(isPasswordRequest).length >= 2,
    appliesTo: ({ setsPassword }) => setsPassword === true,
  },
]

/** Names of all checks of a boot that asks only this. */
export const sourceChecks: readonly string[] = ['user-data', ...checks.map(({ name }) => name)]

/** Judges whether a guest learnt from its data source what it should have. User data was run when anything was told. */
export function judgeSource(found: Found): CheckResult[] {
  const { datasource, told, stopped, seconds } = found
  const userData: CheckResult =
    told.size > 0
      ? { name: 'user-data', outcome: 'passed', seconds, detail: 'user data was run' }
      : { name: 'user-data', outcome: 'failed', seconds, detail: stopped ?? 'user data was not run' }
  const others = checks
    .filter(({ appliesTo }) => appliesTo?.(datasource) ?? true)
    .map(({ name, fact, expected, isRight }): CheckResult => {
      const answer = told.get(fact)
      if (!answer) return { name, outcome: 'skipped', seconds, detail: stopped ?? 'the guest did not tell' }
      const outcome = isRight(answer.value, found) ? 'passed' : 'failed'
      const detail =
        outcome === 'passed'
          ? `${expected}: ${answer.value}`
          : `not so: ${expected}; it is ${JSON.stringify(answer.value)}`
      return { name, outcome, seconds: answer.seconds, detail }
    })
  return [userData, ...others]
}

function isPasswordRequest({ url }: GuestRequest): boolean {
  return new URL(url).port === '8080'
}
