import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { testContext } from '#test/support/context.ts'
import { createBootTest } from '../boot-test.ts'
import { passedIf, type Answer, type RebootCheck } from '../checks/check.ts'
import { cleanShutdown } from '../checks/clean-shutdown/check.ts'
import { newInstance } from '../checks/new-instance/check.ts'
import { noCloud } from '../datasources/nocloud/datasource.ts'
import type { Machine } from '../machines/machine.ts'
import { plainCheck } from '../testing/plain-check.ts'
import { smallMachine } from '../testing/small-machine.ts'
import { writeTalkingDisk } from '../testing/talking-disk.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lives-'))
  await mkdir(join(folder, 'bin'))
  vi.stubEnv('PATH', `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

/** A guest of one sector cannot be logged in to: a shell of this host answers in its place, which counts the logins. */
async function lettingIn(times = Number.MAX_SAFE_INTEGER) {
  const script = `#!/bin/sh
for argument; do case $argument in
  root@*) echo "Permission denied (publickey)." >&2; exit 255;;
esac; done
echo again >>${folder}/logins
[ "$(wc -l <${folder}/logins)" -le ${String(times)} ] || { echo "Permission denied (publickey)." >&2; exit 255; }
exec sh -s
`
  await writeFile(join(folder, 'bin/ssh'), script)
  await chmod(join(folder, 'bin/ssh'), 0o755)
}

const finished = 'Linux version 6.1.0\r\nCloud-init v. 22.4.2 finished at Thu, 26 Nov 2026 11:13:07 +0000.\r\n'

const counting: RebootCheck = {
  name: 'counting',
  ...plainCheck,
  on: 'reboot',
  before: 'echo before',
  after: 'echo after',
  judge: (...answers: Answer[]) => passedIf(true, answers.map(({ output }) => output).join(', then ')),
}

interface Guest {
  readonly next?: 'hang' | 'power-button'
  readonly idle?: number
  readonly machine?: Machine
  readonly later: Parameters<typeof createBootTest>[0]['later']
}

/** Boots a real machine of the smallest kind, and lets it live on. */
async function live({ next = 'power-button', idle = 30_000, machine = smallMachine(folder), later = [] }: Guest) {
  const path = join(folder, 'disk.raw')
  await writeTalkingDisk(path, { says: finished, next })
  const bootTest = createBootTest({
    machine,
    datasource: noCloud,
    checks: [],
    later,
    limits: { idle, total: 60_000 },
    newNonce: () => 'c0ffee',
  })
  const { size } = await stat(path)
  const image = { ...exampleImage, architecture: 'x86_64' as const }
  const report = await bootTest({ image, disk: { ...exampleArtifact('raw'), size }, path }, testContext({ folder }))
  return { ...report, told: report.checks.map(({ name, outcome, detail }) => `${name} ${outcome}: ${detail}`) }
}

it('a guest is asked before and after its second boot, and its console goes on', async () => {
  await lettingIn()
  const { told, phases, console } = await live({ later: [counting] })
  expect(told).toEqual(['counting passed: before, then after'])
  expect(phases.map(({ name }) => name)).toEqual(['firmware', 'kernel', 'checks', 'second boot'])
  expect((await readFile(console, 'utf8')).match(/finished at/g)).toHaveLength(2)
})

it('a guest that does not hear its power button has failed, and what would have come then is skipped', async () => {
  await lettingIn()
  const { told } = await live({ next: 'hang', idle: 3_000, later: [counting, cleanShutdown] })
  expect(told).toEqual([
    expect.stringMatching(/^counting failed: no sign of life for 6 s/),
    expect.stringMatching(/^clean-shutdown skipped: /),
  ])
})

it('a guest that lets nobody in after its second boot has failed', async () => {
  await lettingIn(2)
  const { told } = await live({ later: [counting] })
  expect(told).toEqual(['counting failed: fedora could not log in again: Permission denied (publickey).'])
})

it('what a guest has left is looked at, and starts as another instance, whose console is kept with its own', async () => {
  await lettingIn()
  const { told, console, phases } = await live({ idle: 3_000, later: [cleanShutdown, newInstance] })
  expect(told).toEqual([
    expect.stringMatching(/^clean-shutdown failed: it powered itself off within \d+ s; there is no file system/),
    expect.stringMatching(/^new-instance failed: user-data: no sign of life/),
  ])
  expect(phases.map(({ name }) => name).slice(-2)).toEqual(['shutdown', 'another instance'])
  expect((await readFile(console, 'utf8')).split('[another instance').map((part) => /finished at/.test(part))).toEqual([
    true,
    true,
  ])
})

it('a disk that nobody wants any more is not kept', async () => {
  await lettingIn()
  await live({ later: [cleanShutdown] })
  expect(await readdir(join(folder, 'work/boot'))).not.toContain('left.raw')
})

it('where the disk is out of reach, the shutdown is judged by itself, and no other instance is started', async () => {
  await lettingIn()
  const { told } = await live({ later: [cleanShutdown, newInstance], machine: withoutDisk(smallMachine(folder)) })
  expect(told).toEqual([
    expect.stringMatching(/^clean-shutdown passed: it powered itself off within \d+ s; the disk .* cannot be read$/),
    'new-instance skipped: the disk of this machine cannot be read',
  ])
})

function withoutDisk(machine: Machine): Machine {
  return {
    async powerOn(parts) {
      const { copyDisk: _copyDisk, ...running } = await machine.powerOn(parts)
      return running
    },
  }
}

it('of a guest that never let anybody in nothing more is asked', async () => {
  await lettingIn(0)
  expect((await live({ later: [counting, cleanShutdown] })).told).toEqual([
    'counting skipped: there was no shell to ask',
    'clean-shutdown skipped: there was no shell to ask',
  ])
})
