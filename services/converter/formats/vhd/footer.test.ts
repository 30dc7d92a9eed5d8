import { expect, it } from 'vitest'
import { vhdChecksum, vhdFooter } from './footer.ts'

const mib = 1024 * 1024
const gib = 1024 * mib
const disk = { size: gib, time: new Date('2013-05-21T00:00:00Z'), sha256: 'a'.repeat(64) }

it.each([
  [4 * mib, '120/4/17'],
  [64 * mib, '963/8/17'],
  [512 * mib, '1040/16/63'],
  [gib, '2080/16/63'],
  [40 * gib, '20560/16/255'],
  [2040 * gib, '65535/16/255'],
])('has the geometry of the specification for %i bytes', (size, geometry) => {
  const footer = vhdFooter({ ...disk, size })
  expect([footer.readUInt16BE(56), footer.readUInt8(58), footer.readUInt8(59)].join('/')).toBe(geometry)
})

it('adds up to all ones, is the same for the same disk, and has another identity for another', () => {
  const footer = vhdFooter(disk)
  const sum = footer.reduce((total, byte) => total + byte, 0)
  const ofChecksum = footer.subarray(64, 68).reduce((total, byte) => total + byte, 0)
  expect((footer.readUInt32BE(64) + sum - ofChecksum) % 2 ** 32).toBe(2 ** 32 - 1)
  expect(footer.readUInt32BE(64)).toBe(vhdChecksum(footer))
  expect(vhdFooter({ ...disk })).toEqual(footer)
  const other = vhdFooter({ ...disk, sha256: 'b'.repeat(64) })
  expect(other.subarray(68, 84)).not.toEqual(footer.subarray(68, 84))
})
