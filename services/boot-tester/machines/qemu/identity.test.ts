import { expect, it } from 'vitest'
import { identityArguments } from './identity.ts'

it("a cloud's identity is told by the system and the chassis", () => {
  const identity = { manufacturer: 'Microsoft Corporation', product: 'Virtual Machine', assetTag: '7783-7084' }
  expect(identityArguments(identity)).toEqual([
    '-smbios',
    'type=1,manufacturer=Microsoft Corporation,product=Virtual Machine',
    '-smbios',
    'type=3,asset=7783-7084',
  ])
})

it('a comma in a serial number does not become an option', () => {
  expect(identityArguments({ serial: 'ds=nocloud;s=http://192.0.2.1/a,uuid=1/' })).toEqual([
    '-smbios',
    'type=1,serial=ds=nocloud;s=http://192.0.2.1/a,,uuid=1/',
  ])
})

it('a cloud without an identity leaves everything to QEMU', () => {
  expect(identityArguments({})).toEqual([])
})
