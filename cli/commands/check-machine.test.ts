import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startMachine, type TestMachine } from '../../services/boot-tester/testing/existing-machine.ts'
import { runBesideDisks } from '../testing/run-beside-disks.ts'

let folder: string
let existing: TestMachine
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'check-machine-command-'))
  await mkdir(join(folder, 'scratch'))
  existing = await startMachine(folder)
})
afterAll(async () => {
  await existing[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** The real command, with what it needs to know of the machine. */
async function checkMachine(args: readonly string[], knownHosts = existing.machine.knownHostsFile) {
  const { user, host, port, privateKeyFile } = existing.machine
  const where = ['--port', String(port), '--key', privateKeyFile, '--known-hosts', knownHosts, `${user}@${host}`]
  return await runBesideDisks(folder, ['check-machine', ...args, ...where])
}

it('says of a machine what was seen, and ends with 0', async () => {
  const { status, stdout, stderr } = await checkMachine(['--checks', 'ssh'])
  expect(stderr).toBe('')
  expect(stdout).toMatch(/\npassed {3}ssh {2}\S+ logged in and became root\n/)
  expect(stdout).toMatch(/\npassed: 1 passed, 0 failed, 0 skipped\n$/)
  expect(status).toBe(0)
})

it('a machine that lacks something ends with 1, and says so to programs', async () => {
  const { status, stdout } = await checkMachine(['--checks', 'ssh', '--later', 'second-boot', '--json'])
  const told = JSON.parse(stdout) as { checks: { name: string; outcome: string; detail: string }[] }
  expect(told).toMatchObject({
    verdict: 'failed',
    checks: [{ name: 'ssh' }, { name: 'second-boot', outcome: 'failed' }],
  })
  expect(status).toBe(1)
})

it('a machine that cannot be asked ends with 3, a wrong command line with 2', async () => {
  const another = await checkMachine(['--checks', 'ssh'], existing.otherHostsFile)
  expect(another).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('Host key verification failed') as string,
  })
  const wrong = await runBesideDisks(folder, ['check-machine', '203.0.113.7'])
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('expected USER@HOST') as string })
})
