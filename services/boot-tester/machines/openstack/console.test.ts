import { expect, it } from 'vitest'
import { newOutput } from './console.ts'

it('of a console that has grown, only what is new is told', () => {
  expect(newOutput('', 'one\n')).toBe('one\n')
  expect(newOutput('one\n', 'one\ntwo\n')).toBe('two\n')
  expect(newOutput('one\n', 'one\n')).toBe('')
})

it('a console whose begin is cut off goes on where it was', () => {
  const line = (number: number) => `line ${String(number)} of a long boot\n`
  const lines = Array.from({ length: 400 }, (_, number) => line(number))
  const seen = lines.slice(0, 300).join('')
  expect(newOutput(seen, lines.slice(150).join(''))).toBe(lines.slice(300).join(''))
})

it('a console that began anew is told whole', () => {
  expect(newOutput('the first boot\n', 'the second boot\n')).toBe('the second boot\n')
})
