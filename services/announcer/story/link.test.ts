import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { linkBelow } from './link.ts'

/** Halves of surrogate pairs too. */
const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))

it('a link stays a path below its base, whatever the path holds', () => {
  fc.assert(
    fc.property(anyText, (path) => {
      const link = linkBelow('https://example.org/pub')(path)
      expect(link).toMatch(/^https:\/\/example\.org\/pub\/[\w!'()*.~+%/-]*$/)
    }),
  )
  expect(linkBelow('../mirror')('javascript:alert(1)')).toBe('../mirror/javascript%3Aalert(1)')
  expect(linkBelow('../mirror')('../../etc/./passwd')).toBe('../mirror/etc/passwd')
  expect(linkBelow('')('//evil.example.org/x')).toBe('evil.example.org/x')
})
