import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { shellWord } from './shell-word.ts'
import { cleanText } from './words.ts'

it('a shell reads back the text, whatever it is, and takes none for an option', async () => {
  const texts = fc.sample(fc.string({ unit: 'binary' }), 200).map(cleanText)
  const all = [...texts, `it's`, '$(id)', '`id`', '-rf', 'a;b', 'plain-1.0.qcow2', '']
  const script = `printf '%s\\n' ${all.map(shellWord).join(' ')}`
  const { stdout } = await promisify(execFile)('sh', ['-c', script])
  expect(stdout.split('\n').slice(0, -1)).toEqual(all.map((text) => (text.startsWith('-') ? `./${text}` : text)))
})
