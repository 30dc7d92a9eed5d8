import { expect, it } from 'vitest'
import { readBootTesterConfig } from './config.ts'

const sourcesOf = (list?: string) =>
  readBootTesterConfig({ IMAGEDROP_BOOT_TESTER_DATASOURCES: list }).datasources.map(({ name }) => name)

it('data sources come in the order in which they are named; there is one without any', () => {
  expect(sourcesOf('openstack, nocloud,configdrive')).toEqual(['openstack', 'nocloud', 'configdrive'])
  expect(sourcesOf()).toEqual(['nocloud'])
})

it.each([
  ['nocloud,moon', /IMAGEDROP_BOOT_TESTER_DATASOURCES.*configdrive/],
  ['ec2,ec2', /IMAGEDROP_BOOT_TESTER_DATASOURCES.*named once/],
  [',', /IMAGEDROP_BOOT_TESTER_DATASOURCES/],
])('%j is no list of data sources', (list, words) => {
  expect(() => sourcesOf(list)).toThrow(words)
})
