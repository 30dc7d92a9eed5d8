import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { shellWord } from './shell-word.ts'
import { cleanText } from './words.ts'

/** Halves of surrogate pairs too. */
const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))
const anyLetters = fc.array(fc.constantFrom(...`'"\\$\`-;&|<>*?~#! ab`.split(''))).map((letters) => letters.join(''))

it('a shell reads back the text, whatever it is, and takes none for an option', async () => {
  const texts = [...fc.sample(anyText, 100), ...fc.sample(anyLetters, 100), '', '-rf', '--', 'plain-1.0.qcow2']
  const all = texts.map(cleanText)
  const script = `printf '%s\\n' ${all.map(shellWord).join(' ')}`
  const { stdout } = await promisify(execFile)('sh', ['-c', script])
  expect(stdout.split('\n').slice(0, -1)).toEqual(all.map((text) => (text.startsWith('-') ? `./${text}` : text)))
})
