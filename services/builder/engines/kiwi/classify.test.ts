import { expect, it } from 'vitest'
import { PermanentError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { RecipeRefused } from '../../recipe.ts'
import { NothingBuilt } from '../engine.ts'
import { classifyKiwi, explainKiwi } from './classify.ts'

const ended = (code: number, tail: string) => new ToolFailed('unshare', { why: 'exit', code }, tail, null)
const said = (text: string) => `[ ERROR   ]: 22:57:52 | ${text}\n`

it.each([
  [said('KiwiLoopSetupError: losetup: cannot find an unused loop device'), 'environment'],
  [said('KiwiUmountBusyError: Failed to umount /x'), 'environment'],
  [said('KiwiPrivilegesError: operation requires root privileges'), 'environment'],
  [said('KiwiCommandNotFound: Command "sgdisk" not found in the environment'), 'environment'],
  ['unshare: unshare failed: Operation not permitted', 'environment'],
  ['confined: 1: kiwi-ng: not found', 'environment'],
  [said('KiwiScriptFailed: config.sh failed: sed: cannot read /etc/x'), 'recipe'],
  [said('KiwiDescriptionInvalid: Failed to validate schema'), 'recipe'],
  [said('KiwiInstallPhaseFailed: System package installation failed: E: Unable to locate package nonesuch'), 'recipe'],
  [said('KiwiDebianBootstrapError: KiwiCommandError: E: Failed to fetch http://mirror.example.org/x'), 'transient'],
  [said('KiwiCommandError: rsync: write failed: No space left on device (28)'), 'capacity'],
  ['Traceback (most recent call last):', 'bug'],
])('%s: %s', (tail, expected) => {
  expect(classifyKiwi(ended(1, tail))).toBe(expected)
})

it('takes a KIWI that was ended from outside for one that may try again, and one that was too slow for stuck', () => {
  expect(classifyKiwi(ended(137, ''))).toBe('transient')
  expect(classifyKiwi(new ToolFailed('unshare', { why: 'idle', milliseconds: 1 }, '', null))).toBe('stuck')
  expect(classifyKiwi(new ToolFailed('unshare', { why: 'signal', signal: 'SIGKILL' }, '', null))).toBe('transient')
})

it('knows the errors that are not the tool', () => {
  expect(classifyKiwi(new ToolMissing('unshare'))).toBe('environment')
  expect(classifyKiwi(new PermanentError('environment', 'KIWI 9 is too old'))).toBe('environment')
  expect(classifyKiwi(new RecipeRefused('no part for KIWI'))).toBe('refused')
  expect(classifyKiwi(new NothingBuilt('no disk'))).toBe('bug')
})

it("gives KIWI's own words, without the time", () => {
  const tail = `${said('KiwiScriptFailed: config.sh failed')}[ INFO    ]: 22:57:53 | Cleaning up Prepare instance\n`
  expect(explainKiwi(ended(1, tail))).toBe('KIWI: KiwiScriptFailed: config.sh failed')
  expect(explainKiwi(new Error('something else'))).toBe('something else')
})
