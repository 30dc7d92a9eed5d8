import { expect, it } from 'vitest'
import { cloudStack } from '../datasources/cloudstack/datasource.ts'
import type { GuestRequest } from '../datasources/datasource.ts'
import { noCloud } from '../datasources/nocloud/datasource.ts'
import { exampleInstance } from '../datasources/testing/ask.ts'
import type { Fact } from '#publishing/telling-guest.ts'
import { judgeSource } from './judge-source.ts'

const good: Record<Fact, string> = {
  datasource: 'DataSourceNoCloud: DataSourceNoCloud [seed=/dev/vdb][dsmode=net]',
  'instance-id': exampleInstance.id,
  hostname: exampleInstance.hostname,
  'default-user': 'debian',
  'authorized-keys': '1',
  password: '!',
}

function outcomes(told: Partial<Record<Fact, string>>, changes: Partial<Parameters<typeof judgeSource>[0]> = {}) {
  const results = judgeSource({
    datasource: noCloud,
    instance: exampleInstance,
    told: new Map(Object.entries(told).map(([fact, value]) => [fact as Fact, { value, seconds: 60 }])),
    requests: [],
    stopped: null,
    seconds: 61,
    ...changes,
  })
  return Object.fromEntries(results.map(({ name, outcome }) => [name, outcome]))
}

const allPassed = {
  'user-data': 'passed',
  'data-source': 'passed',
  'instance-id': 'passed',
  hostname: 'passed',
  'injected-key': 'passed',
}

it('a guest that learnt everything passes', () => {
  expect(outcomes(good)).toEqual(allPassed)
})

it.each([
  ['another data source told it', { datasource: 'DataSourceNone: DataSourceNone' }, 'data-source'],
  ['it took itself for another instance', { 'instance-id': 'imagedrop-decaf' }, 'instance-id'],
  ['its name is another', { hostname: 'localhost' }, 'hostname'],
  ['the key is missing', { 'authorized-keys': '0' }, 'injected-key'],
  ['the key is there twice', { 'authorized-keys': '2' }, 'injected-key'],
])('when %s, one check fails', (_, changes, check) => {
  expect(outcomes({ ...good, ...changes })).toEqual({ ...allPassed, [check]: 'failed' })
})

it('a guest that says nothing has not run its user data, and the rest cannot be told', () => {
  const results = judgeSource({
    datasource: noCloud,
    instance: exampleInstance,
    told: new Map(),
    requests: [],
    stopped: 'no sign of life for 180 s; the console stayed empty',
    seconds: 180,
  })
  expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'user-data failed',
    'data-source skipped',
    'instance-id skipped',
    'hostname skipped',
    'injected-key skipped',
  ])
  expect(results.every(({ detail }) => detail.startsWith('no sign of life'))).toBe(true)
})

it("a cloud's password counts when it is set and the cloud has heard so", () => {
  const request = { at: new Date(0), method: 'GET', url: 'http://router:8080/', status: 200 }
  const judge = (password: string, requests: GuestRequest[]) =>
    outcomes({ ...good, datasource: 'DataSourceCloudStack', password }, { datasource: cloudStack, requests })[
      'cloud-password'
    ]
  expect(judge('$', [request, request])).toBe('passed')
  expect(judge('$', [request])).toBe('failed')
  expect(judge('!', [request, request])).toBe('failed')
  expect(judge('*', [request, request])).toBe('failed')
  expect(judge('', [request, request])).toBe('failed')
})
