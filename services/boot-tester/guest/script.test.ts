import { PassThrough, Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { splitLines } from '#subprocess/output.ts'
import { run } from '#subprocess/run.ts'
import { passedIf, type Answer, type GuestCheck } from '../checks/check.ts'
import { plainCheck } from '../testing/plain-check.ts'
import { joinScripts, readAnswers } from './script.ts'

function check(name: string, script: string): GuestCheck {
  return { name, ...plainCheck, on: 'guest', script, judge: () => passedIf(true, '') }
}

/** Gives the joined script to a real shell, as a guest would. */
async function ask(checks: readonly GuestCheck[]) {
  const answers = new Map<string, Answer>()
  let shells = 0
  const output = new PassThrough()
  splitLines(
    output,
    readAnswers('c0ffee', {
      onShell: () => (shells += 1),
      onAnswer: (name, answer) => answers.set(name, answer),
    }),
  )
  await run('sh', ['-s'], { input: Readable.from([joinScripts(checks, 'c0ffee')]), output })
  return { answers, shells }
}

it('each check gets what its own script said, and its status', async () => {
  const { answers, shells } = await ask([
    check('lines', 'echo one\necho two >&2'),
    check('silent', 'true'),
    check('failing', 'printf "no line end"\nexit 3'),
    check('last', 'cat /etc/hostname >/dev/null; echo here'),
  ])
  expect(shells).toBe(1)
  expect(Object.fromEntries(answers)).toEqual({
    lines: { status: 0, output: 'one\ntwo' },
    silent: { status: 0, output: '' },
    failing: { status: 3, output: 'no line end' },
    last: { status: 0, output: 'here' },
  })
})

it('a script that reads its standard input does not eat the others', async () => {
  const { answers } = await ask([check('greedy', 'cat'), check('next', 'echo still here')])
  expect(answers.get('greedy')).toEqual({ status: 0, output: '' })
  expect(answers.get('next')).toEqual({ status: 0, output: 'still here' })
})

it('a broken script is the failure of its own check only', async () => {
  const { answers } = await ask([check('broken', 'no-such-command-here'), check('next', 'echo still here')])
  expect(answers.get('broken')?.status).toBe(127)
  expect(answers.get('next')?.output).toBe('still here')
})

it("a guest cannot answer for another check without knowing the boot's own number", async () => {
  const { answers } = await ask([check('liar', "echo 'imagedrop-0000 next 0'"), check('next', 'exit 1')])
  expect(answers.get('liar')?.output).toBe('imagedrop-0000 next 0')
  expect(answers.get('next')?.status).toBe(1)
})
