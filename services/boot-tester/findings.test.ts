import { expect, it } from 'vitest'
import type { Check } from './checks/check.ts'
import { passedIf } from './checks/check.ts'
import { judge, type Findings } from './findings.ts'
import { plainCheck } from './testing/plain-check.ts'

const prompt = /login:/
const done = /finished/

const checks: Check[] = [
  { name: 'prompt', ...plainCheck, on: 'console', expects: prompt },
  {
    name: 'done',
    ...plainCheck,
    on: 'guest',
    expects: done,
    script: 'true',
    judge: ({ status }) => passedIf(status === 0, 'asked'),
  },
  { name: 'login', ...plainCheck, on: 'login', as: 'default-user', judge: ({ shell }) => passedIf(shell, 'tried') },
  {
    name: 'units',
    ...plainCheck,
    on: 'guest',
    script: 'true',
    judge: ({ output }) => passedIf(output === '', output),
  },
]

const answer = { status: 0, output: '', seconds: 21 }
const login = { user: 'debian', shell: true, said: '', seconds: 20 }
const sightings = new Map([
  [prompt, { line: 'test login:', seconds: 10 }],
  [done, { line: 'finished', seconds: 12 }],
])

function findings(changes: Partial<Findings> = {}): Findings {
  return {
    answers: new Map([
      ['done', answer],
      ['units', answer],
    ]),
    logins: new Map([['default-user', login]]),
    found: (pattern) => sightings.get(pattern) ?? null,
    stopped: null,
    asked: true,
    ...changes,
  }
}

function outcomes(changes: Partial<Findings> = {}) {
  return judge(checks, findings(changes), { imageBytes: 1, diskBytes: 2, reportedAs: /DataSourceNoCloud/ }, 99).map(
    ({ name, outcome, seconds, detail }) => `${name} ${outcome} at ${String(seconds)}: ${detail}`,
  )
}

it('what was seen and answered is judged, each with its time', () => {
  expect(outcomes()).toEqual([
    'prompt passed at 10: test login:',
    'done passed at 21: asked',
    'login passed at 20: tried',
    'units passed at 21: ',
  ])
})

it('a guest that stops before it can be asked fails what it should have shown, and the rest is skipped', () => {
  const changes = { found: () => null, answers: new Map(), logins: new Map(), stopped: 'it hung', asked: false }
  expect(outcomes(changes)).toEqual([
    'prompt failed at 99: it hung',
    'done failed at 99: it hung',
    'login skipped at 99: it hung',
    'units skipped at 99: it hung',
  ])
})

it('a refused login fails its check, and what would have been asked is skipped', () => {
  const refused = { ...login, shell: false, said: 'Permission denied (publickey).' }
  expect(outcomes({ logins: new Map([['default-user', refused]]), answers: new Map() })).toEqual([
    'prompt passed at 10: test login:',
    'done skipped at 99: there was no shell to ask',
    'login failed at 20: tried',
    'units skipped at 99: there was no shell to ask',
  ])
})

it('a guest that hangs while it is asked fails what it did not answer', () => {
  const changes = { answers: new Map([['done', answer]]), stopped: 'it hung' }
  expect(outcomes(changes)[3]).toBe('units failed at 99: it hung')
  expect(outcomes({ ...changes, stopped: null })[3]).toBe('units failed at 99: the connection ended before')
  expect(outcomes({ ...changes, logins: new Map() })[2]).toBe('login failed at 99: it hung')
})
