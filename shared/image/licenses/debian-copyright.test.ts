import { describe, expect, it } from 'vitest'
import { readCopyright } from './debian-copyright.ts'
import { spdxOfDebian } from './debian-names.ts'
import { isSpdx, licenseRefsIn } from './spdx.ts'

const file = '/usr/share/doc/tool/copyright'
const format = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n'

/** A copyright file with one `Files` stanza for each licence. */
const naming = (...licenses: string[]) =>
  format + licenses.map((one) => `Files: *\nCopyright: somebody\nLicense: ${one}\n`).join('\n')

describe('the licence that a Debian package declares', () => {
  it.each([
    ['GPL-2+', 'GPL-2.0-or-later'],
    ['LGPL-2.1', 'LGPL-2.1-only'],
    ['GFDL-NIV-1.3+', 'GFDL-1.3-no-invariants-or-later'],
    ['Expat', 'MIT'],
    ['GPL-3+ with Bison exception', 'GPL-3.0-or-later WITH Bison-exception-2.2'],
    ['GPL-1+ or Artistic-2.0', 'GPL-1.0-or-later OR Artistic-2.0'],
    ['GPL-2+ and Expat or ISC', '(GPL-2.0-or-later AND MIT) OR ISC'],
    ['GPL-2+ or Expat, and ISC', '(GPL-2.0-or-later OR MIT) AND ISC'],
    ['curl', 'curl'],
  ])('%s is %s', (name, expression) => {
    expect(readCopyright(naming(name), file)).toEqual({ expression, texts: [] })
    expect(isSpdx(expression)).toBe(true)
  })

  it('is that of all files of its source, each named once, in one order', () => {
    const one = naming('GPL-2+', 'Expat', 'GPL-2+ or Expat', 'GPL-2+')
    const other = naming('Expat', 'GPL-2+ or Expat', 'GPL-2+')
    const expression = 'GPL-2.0-or-later AND (GPL-2.0-or-later OR MIT) AND MIT'
    expect(readCopyright(one, file).expression).toBe(expression)
    expect(readCopyright(other, file).expression).toBe(expression)
  })

  it('whose name does not say which text is meant is that text, by its digest', () => {
    const text = (words: string) => `${naming('MIT')}\nLicense: MIT\n ${words}\n .\n and so on\n`
    const { expression, texts } = readCopyright(text('Permission is granted'), file)
    expect(texts).toEqual([{ id: expression, name: 'MIT', file, sha256: expect.any(String) as string }])
    expect(expression).toMatch(/^LicenseRef-Debian-MIT-[0-9a-f]{12}$/)
    expect(isSpdx(`${expression} AND MIT`)).toBe(true)
    expect(readCopyright(text('Permission is granted'), '/other').expression).toBe(expression)
    expect(readCopyright(text('Permission is not granted'), file).expression).not.toBe(expression)
    expect(spdxOfDebian('public-domain')).toBeNull()
    expect(spdxOfDebian('GPL')).toBeNull()
    expect(spdxOfDebian('GPL-2+ with OpenSSL exception')).toBeNull()
    expect(spdxOfDebian('GPL-9')).toBeNull()
  })

  it.each([
    ['in no form of its own', 'This is free software.\nFormat: of its own\n'],
    ['that names no licence', `${format}Files: *\nCopyright: somebody\n`],
    ['that is cut off', 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'],
  ])('of a file %s is the whole file', (_what, content) => {
    const { expression, texts } = readCopyright(content, file)
    expect(expression).toMatch(/^LicenseRef-Debian-copyright-[0-9a-f]{12}$/)
    expect(texts).toMatchObject([{ id: expression, name: null, file }])
  })

  it('is an expression whatever a file calls it', () => {
    for (const name of [
      'GPL-2+ (with $ome) "quotes"',
      'A and/or B',
      ' ,',
      'or',
      'ü',
      'a, b, and c or',
      'x'.repeat(500),
    ]) {
      const { expression, texts } = readCopyright(naming(name), file)
      expect(isSpdx(expression), name).toBe(true)
      expect(texts.map(({ id }) => id).toSorted()).toEqual(licenseRefsIn(expression).toSorted())
    }
  })
})
