import { crc32 } from 'node:zlib'
import { assert, property, uint8Array } from 'fast-check'
import { expect, it } from 'vitest'
import { crcOfBoth } from './crc-of-both.ts'

const bytes = uint8Array({ maxLength: 3_000 })

it('is what zlib counts for the whole', () => {
  assert(
    property(bytes, bytes, (first, second) => {
      expect(crcOfBoth(crc32(first), crc32(second), second.length)).toBe(crc32(Buffer.concat([first, second])))
    }),
  )
  const many = Buffer.alloc(20_000_000, 7)
  expect(crcOfBoth(crc32('x'), crc32(many), many.length)).toBe(crc32(many, crc32('x')))
})
