import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { html } from '#markup/html.ts'
import { textOf } from './testing/read-markup.ts'

/** Halves of surrogate pairs too. */
const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))

it('what is put into markup is read back as the text it was', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { markup } = html`${text}`
      expect(markup).not.toMatch(/[<>"']/)
      expect(textOf(markup)).toBe(text)
    }),
  )
})
