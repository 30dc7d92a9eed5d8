import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { assertAllowedLocation } from './location.ts'

const allowed = ['https://composes.example.org/compose/', 'http://composes.example.org/compose/', '/srv/composes']

it.each([
  ['https://composes.example.org/compose/28/latest-Fedora-28/compose', undefined],
  ['http://composes.example.org/compose//rawhide/Fedora-Rawhide-20180426.n.0/compose', undefined],
  ['HTTPS://Composes.Example.ORG:443/compose/28', 'https://composes.example.org/compose/28'],
  ['https://composes.example.org/compose/', 'https://composes.example.org/compose'],
  ['https://composes.example.org/compose/a/../28', 'https://composes.example.org/compose/28'],
  ['/srv/composes/28/', '/srv/composes/28'],
  ['file:///srv/composes/28', '/srv/composes/28'],
])('%s is allowed', (location, normal = location) => {
  expect(assertAllowedLocation(location, allowed)).toBe(normal)
})

it.each([
  'https://elsewhere.example.org/compose/28',
  'https://composes.example.org/composed/28',
  'https://composes.example.org/compose/../secret',
  'https://composes.example.org/compose/%2e%2e/secret',
  'https://composes.example.org/compose/.%2E/secret',
  'https://composes.example.org/compose/a%2f..%2f..%2fsecret',
  'https://composes.example.org/compose/a\\..\\..\\secret',
  'https://composes.example.org/compose/a%5c..',
  'https://composes.example.org/compose/28?x=1',
  'https://composes.example.org/compose/28#x',
  'https://composes.example.org@elsewhere.example.org/compose/28',
  'https://user:password@composes.example.org/compose/28',
  'https://composes.example.org.elsewhere.example.org/compose/28',
  'https://composes.example.org:8443/compose/28',
  'https:/\\composes.example.org/compose/28',
  'https:composes.example.org/compose/28',
  'ftp://composes.example.org/compose/28',
  'javascript:alert(1)',
  ' https://composes.example.org/compose/28',
  'https://composes.example.org/com\tpose/28',
  'https://composes.example.org/compose/28\u0000',
  '/srv/composes/../../etc',
  '/srv/composes-of-others/28',
  '//srv/composes/28',
  'srv/composes/28',
  'file://elsewhere.example.org/srv/composes/28',
  'file:///srv/composes/%2e%2e/etc',
  '',
])('%j is refused, with the field and its value', (location) => {
  expect(() => assertAllowedLocation(location, allowed)).toThrow(/^location: .*, got "/)
})

it('nothing is allowed when the list is empty', () => {
  expect(() => assertAllowedLocation('/srv/composes/28', [])).toThrow('allowed are none')
})

it('whatever is allowed is read as a place under an allowed one', () => {
  const piece = fc.oneof(
    fc.constantFrom('..', '.', '%2e%2e', '%2E.', '%2f', '\\', '/', '//', '@', ':', '?', '#', 'a', 'compose', ' '),
    fc.string({ maxLength: 5 }),
  )
  fc.assert(
    fc.property(fc.constantFrom(...allowed), fc.array(piece, { maxLength: 8 }), (prefix, pieces) => {
      const location = prefix + pieces.join('')
      let normal: string
      try {
        normal = assertAllowedLocation(location, allowed)
      } catch {
        return
      }
      const read = normal.startsWith('/') ? new URL(`file://${normal}`) : new URL(normal)
      expect(`${read.pathname}/`).toMatch(/^(\/compose|\/srv\/composes)\//)
      expect(['composes.example.org', '']).toContain(read.host)
      expect(read.username + read.password).toBe('')
    }),
    { numRuns: 2000 },
  )
})
