import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { PermanentError } from '#service/errors.ts'
import { checks as allChecks } from '../../checks/index.ts'
import { passedIf, type Check, type RebootCheck } from '../../checks/check.ts'
import { startMachine, type TestMachine } from '../../testing/existing-machine.ts'
import { plainCheck } from '../../testing/plain-check.ts'
import { askable, checkMachine, type ExistingMachine } from './check-machine.ts'

let folder: string
let existing: TestMachine

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'check-machine-'))
  existing = await startMachine(folder)
})
afterAll(async () => {
  await existing[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  await writeFile(join(folder, 'boot-id'), 'first\n')
  await rm(join(folder, 'asked'), { force: true })
  await rm(join(folder, 'does-not-obey'), { force: true })
})

const greeting: Check = {
  name: 'greeting',
  ...plainCheck,
  on: 'guest',
  // What a machine's console shows cannot be seen from here.
  expects: /never shown/,
  script: 'echo hello',
  judge: ({ output }) => passedIf(output === 'hello', output),
}
const login: Check = {
  name: 'ssh',
  ...plainCheck,
  on: 'login',
  as: 'default-user',
  judge: ({ shell, said }) => passedIf(shell, said),
}
const again: RebootCheck = {
  name: 'again',
  ...plainCheck,
  on: 'reboot',
  before: 'cat /proc/sys/kernel/random/boot_id',
  after: 'cat /proc/sys/kernel/random/boot_id',
  judge: (before, after) => passedIf(before.output !== after.output, `${before.output}, then ${after.output}`),
}

async function check(
  changes: Partial<ExistingMachine> = {},
  { checks = [greeting, login], later = [] as RebootCheck[], within = 60_000 } = {},
) {
  const results = await checkMachine(
    { ...existing.machine, ...changes },
    {
      checks,
      later,
      within,
      nonce: 'c0ffee',
      log: join(folder, 'ssh.log'),
      signal: new AbortController().signal,
      now: () => new Date(),
    },
  )
  return results.map(({ name, outcome, detail }) => `${name} ${outcome}: ${detail}`)
}

it('a machine that is known is asked, and is not restarted', async () => {
  expect(await check()).toEqual(['greeting passed: hello', 'ssh passed: '])
  await expect(readFile(join(folder, 'asked'))).rejects.toThrow('ENOENT')
})

it('where a check is about a second boot, the machine restarts itself once, and nothing else is asked of it', async () => {
  expect(await check({}, { later: [again] })).toContain('again passed: first, then second')
  expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('reboot\n')
})

it('a machine that does not restart is not waited for longer than asked', async () => {
  await writeFile(join(folder, 'does-not-obey'), '')
  expect(await check({}, { later: [again], within: 5_000 })).toEqual([
    'greeting passed: hello',
    'ssh passed: ',
    'again failed: not done within 5 s',
  ])
})

it('a key that is not let in is a failure of the machine, and what would have been asked is skipped', async () => {
  const results = await check({ privateKeyFile: existing.otherIdentityFile }, { later: [again] })
  expect(results).toEqual([
    'greeting skipped: there was no shell to ask',
    expect.stringMatching(/^ssh failed: .*Permission denied/s),
    'again skipped: there was no shell to ask',
  ])
})

it('another machine at the same address is not asked, nor one that is not there', async () => {
  const another = check({ knownHostsFile: existing.otherHostsFile })
  await expect(another).rejects.toThrow(PermanentError)
  await expect(another).rejects.toThrow('it cannot be reached by ssh: Host key verification failed.')
  await expect(check({ knownHostsFile: join(folder, 'none') })).rejects.toThrow('Host key verification failed.')
})

it('of a machine of which nothing is known but ssh, neither console nor growth is asked, and root not whether it is let in', () => {
  const names = (user: string) => askable(allChecks, { user }).map(({ name }) => name)
  const left = (user: string) => allChecks.map(({ name }) => name).filter((name) => !names(user).includes(name))
  expect(left('debian')).toEqual(['login-prompt', 'root-grown'])
  expect(left('root')).toEqual(['login-prompt', 'root-login', 'root-grown'])
})
