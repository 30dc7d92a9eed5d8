import { mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { Cancelled, TransientError } from '#service/errors.ts'
import { testContext } from '#test/support/context.ts'
import { createBootTest } from './boot-test.ts'
import { checks } from './checks/index.ts'
import { noCloud } from './datasources/nocloud/datasource.ts'
import { pidOfQemu } from './testing/pid-of-qemu.ts'
import { writeTalkingDisk } from './testing/talking-disk.ts'
import { smallMachine } from './testing/small-machine.ts'

let folder: string
let disk: string
let progress: Progress[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-test-'))
  disk = join(folder, 'disk.raw')
  progress = []
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Boots the disk in a real machine of the smallest kind. */
async function bootDisk({ idle = 5_000, total = 20_000, signal = new AbortController().signal } = {}) {
  const machine = smallMachine(folder)
  const bootTest = createBootTest({
    machine,
    datasource: noCloud,
    checks,
    limits: { idle, total },
    newNonce: () => 'c0ffee',
  })
  const context = testContext({ folder, signal, progress: (one) => progress.push(one) })
  const { size } = await stat(disk)
  const ref = { ...exampleArtifact('raw'), size }
  return await bootTest({ image: { ...exampleImage, architecture: 'x86_64' }, disk: ref, path: disk }, context)
}

it('a disk with nothing to boot ends at the idle deadline, with a screenshot that shows why', async () => {
  await writeFile(disk, '')
  await truncate(disk, 1024 * 1024)
  const report = await bootDisk({ idle: 2_000 })
  const reason = 'no sign of life for 2 s; the console stayed empty'
  expect(report.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'login-prompt failed',
    'cloud-init failed',
    'ssh skipped',
    'root-login skipped',
    'failed-units skipped',
    'root-grown skipped',
    'machine-id skipped',
    'kernel-errors skipped',
    'hostname skipped',
    'cloud-init-log skipped',
    'ssh-policy skipped',
    'locked-accounts skipped',
    'listening-ports skipped',
    'trim skipped',
    'space-left skipped',
    'running-kernel skipped',
    'selinux skipped',
    'journal skipped',
  ])
  expect(report.checks.every(({ detail }) => detail === reason)).toBe(true)
  expect(report.accelerator).toBe('tcg')
  expect(await readFile(report.console, 'utf8')).toBe('')
  expect((await stat(report.screenshots.at(-1)?.path ?? '')).size).toBeGreaterThan(500)
})

it('a disk of random bytes with a boot signature ends with its evidence, whatever it does', async () => {
  const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 2654435761) >>> 24))
  noise.writeUInt16LE(0xaa55, 510)
  await writeFile(disk, noise)
  await truncate(disk, 1024 * 1024)
  const report = await bootDisk({ idle: 2_000 })
  expect(report.checks.find(({ name }) => name === 'cloud-init')).toMatchObject({ outcome: 'failed' })
  expect(report.screenshots.map(({ moment }) => moment)).toEqual(['end'])
})

it('a kernel that panics ends at once, and the report says with which words', async () => {
  const panic = 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'
  await writeTalkingDisk(disk, { says: `[    0.000000] Linux version 6.1.0\r\n[    1.2] ${panic}\r\n`, next: 'hang' })
  const report = await bootDisk({ idle: 15_000 })
  expect(report.seconds).toBeLessThan(10)
  expect(report.checks[1]).toMatchObject({ name: 'cloud-init', outcome: 'failed' })
  expect(report.checks[1]?.detail).toBe(`the guest gave up: [    1.2] ${panic}`)
  expect(progress.map(({ phase }) => phase)).toEqual(['firmware', 'kernel'])
  expect(report.phases.map(({ name }) => name)).toEqual(['firmware', 'kernel'])
  expect(report.checks[1]).toMatchObject({
    expected: 'cloud-init finished, from the data source of this boot, without error',
    lines: ['[    0.000000] Linux version 6.1.0', `[    1.2] ${panic}`],
  })
  expect(report.checks[2]).not.toHaveProperty('lines')
})

it('the screen is seen at each moment that the boot comes to, once', async () => {
  const says =
    'GRUB loading.\r\nLinux version 6.1.0\r\nsystemd[1]: here\r\ntest login: Kernel panic - not syncing: x\r\n'
  await writeTalkingDisk(disk, { says, next: 'hang' })
  const { screenshots } = await bootDisk({ idle: 15_000 })
  expect(screenshots.map(({ moment }) => moment)).toEqual(['loader', 'boot', 'login', 'end'])
  for (const { path } of screenshots) expect((await readFile(path)).subarray(1, 4).toString()).toBe('PNG')
})

it('a guest that resets itself fails with that reason', async () => {
  await writeTalkingDisk(disk, { says: 'Linux version 6.1.0\r\n', next: 'reset' })
  const report = await bootDisk({ idle: 15_000 })
  expect(report.checks[1]).toMatchObject({ outcome: 'failed', detail: 'the guest reset itself' })
})

it('a hung guest is remembered by its last words, and a login prompt that was there has passed', async () => {
  await writeTalkingDisk(disk, { says: 'Welcome to Test\r\ntest login: ', next: 'hang' })
  const report = await bootDisk({ idle: 4_000 })
  expect(report.checks[0]).toMatchObject({ name: 'login-prompt', outcome: 'passed', detail: 'test login:' })
  expect(report.checks[1]?.detail).toBe('no sign of life for 4 s; the last console line is "test login:"')
})

it('a guest that has finished cloud-init but answers no ssh fails the ssh check and skips what ssh would tell', async () => {
  const finished = 'Cloud-init v. 22.4.2 finished at Sun, 22 Nov 2026 11:13:07 +0000.'
  await writeTalkingDisk(disk, { says: `${finished}\r\ntest login: `, next: 'hang' })
  const report = await bootDisk({ idle: 5_000 })
  const outcomes = Object.fromEntries(report.checks.map(({ name, outcome }) => [name, outcome]))
  expect(outcomes).toMatchObject({ ssh: 'failed', 'root-login': 'failed', 'failed-units': 'skipped' })
})

it('the deadline for the whole test ends a guest that talks but does not come further', async () => {
  await writeTalkingDisk(disk, { says: 'still busy\r\n', next: 'hang' })
  const report = await bootDisk({ idle: 15_000, total: 5_000 })
  expect(report.checks[1]?.detail).toBe('not done within 5 s; the last console line is "still busy"')
})

it('a killed QEMU is no verdict', async () => {
  await writeTalkingDisk(disk, { says: 'Linux version 6.1.0\r\n', next: 'hang' })
  const report = bootDisk({ idle: 15_000 })
  await expect.poll(() => progress.some(({ phase }) => phase === 'kernel'), { timeout: 10_000 }).toBe(true)
  process.kill(await pidOfQemu(folder), 'SIGKILL')
  await expect(report).rejects.toThrow(TransientError)
})

it('an emulated guest that is too slow to find its console in time is no verdict', async () => {
  const line = '[ TIME ] Timed out waiting for device dev-ttyS0.device - /dev/ttyS0.'
  await writeTalkingDisk(disk, { says: `Linux version 6.1.0\r\n${line}\r\n`, next: 'hang' })
  const report = bootDisk({ idle: 15_000 })
  await expect(report).rejects.toThrow(new TransientError(`this host is too slow for an emulated guest: ${line}`))
})

it('cancelling ends the guest and says who cancelled', async () => {
  await writeTalkingDisk(disk, { says: 'Linux version 6.1.0\r\n', next: 'hang' })
  const controller = new AbortController()
  const report = bootDisk({ idle: 15_000, signal: controller.signal })
  await expect.poll(() => progress.some(({ phase }) => phase === 'kernel'), { timeout: 10_000 }).toBe(true)
  const pid = await pidOfQemu(folder)
  controller.abort(new Cancelled('by the operator'))
  await expect(report).rejects.toThrow('by the operator')
  await expect(readFile(`/proc/${String(pid)}/cmdline`)).rejects.toThrow('ENOENT')
})

it('a second delivery starts from nothing, whatever a killed run has left', async () => {
  await mkdir(join(folder, 'work/boot'), { recursive: true })
  await writeFile(join(folder, 'work/boot/overlay.qcow2'), 'half an overlay')
  await writeFile(join(folder, 'work/boot/key'), 'an old key')
  await writeTalkingDisk(disk, { says: 'Kernel panic - not syncing: test\r\n', next: 'hang' })
  const first = await bootDisk()
  const second = await bootDisk()
  expect(second.checks.map(({ outcome }) => outcome)).toEqual(first.checks.map(({ outcome }) => outcome))
  expect(await readdir(join(folder, 'work/boot'))).not.toContain('overlay.qcow2')
})
