import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bootTestReport } from '#publishing/boot-test-report.ts'
import { run } from '#subprocess/run.ts'
import { writeTalkingDisk } from '../../services/boot-tester/testing/talking-disk.ts'
import { runBesideDisks } from '../testing/run-beside-disks.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-test-command-'))
  await mkdir(join(folder, 'scratch'))
  const says = 'Linux version 6.1.0\r\ntest login: \r\nKernel panic - not syncing: no root\r\n'
  await writeTalkingDisk(join(folder, 'disk.raw'), { says, next: 'hang' })
  await run('qemu-img', ['convert', '-O', 'qcow2', join(folder, 'disk.raw'), join(folder, 'disk.qcow2')])
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The real command, in the folder of the disks. */
async function bootTest(args: readonly string[]) {
  const settings = { IMAGEDROP_BOOT_TESTER_MEMORY_MIB: '128', IMAGEDROP_BOOT_TESTER_ACCELERATOR: 'tcg' }
  return await runBesideDisks(folder, ['boot-test', ...args], settings)
}

it('says what an image lacks, with the console around it, writes the reports, and ends with 1', async () => {
  const { status, stdout, stderr } = await bootTest(['--report', 'report', 'disk.qcow2'])
  expect(stdout).toMatch(
    /^disk\.qcow2\non the disk:\n(.*\n)* {2}~ file-systems {6}there is no file system for a root; does not count/,
  )
  expect(stdout).toMatch(/\nboot bios-nocloud \(bios, i440fx, virtio, nocloud, tcg\): \d+ s\n/)
  expect(stdout).toContain('  ✓ login-prompt      test login:\n')
  expect(stdout).toMatch(/ {2}– \d+ checks {9} *the guest gave up: Kernel panic/)
  expect(stdout).toContain('  ✗ cloud-init        the guest gave up: Kernel panic - not syncing: no root\n')
  expect(stdout).toContain('      | test login:\n')
  expect(stdout).toMatch(/\nfailed: the image is not fit for what it was booted in\n$/)
  expect(stderr).toContain('disk\nfirmware\nkernel\n')
  expect(status).toBe(1)

  const report = join(folder, 'report')
  const written = await readdir(report)
  expect(written).toEqual(expect.arrayContaining(['boot-test.html', 'boot-test.json', 'boot-test.junit.xml']))
  const told = bootTestReport.parse(JSON.parse(await readFile(join(report, 'boot-test.json'), 'utf8')))
  expect(told).toMatchObject({ image: 'disk.qcow2', verdict: 'failed', boots: [{ name: 'bios-nocloud' }] })
  expect(written).toEqual(expect.arrayContaining(told.files.map(({ name }) => name)))
  expect(await readFile(join(report, told.boots[0]?.console ?? ''), 'utf8')).toContain('test login:')
})

it('with only the checks that were chosen, an image that has what they want passes, as JSON', async () => {
  const { status, stdout } = await bootTest(['--checks', 'login-prompt', '--json', 'disk.raw'])
  const told = bootTestReport.parse(JSON.parse(stdout))
  expect(told.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['login-prompt passed'])
  expect(status).toBe(0)
})

it('what cannot be told ends with 3, what was typed wrongly with 2', async () => {
  await writeFile(join(folder, 'part.qcow2'), (await readFile(join(folder, 'disk.qcow2'))).subarray(0, 50))
  const cut = await bootTest(['part.qcow2'])
  expect(cut).toMatchObject({ status: 3, stderr: expect.stringContaining('cut short') as string })
  const wrong = await bootTest(['--firmware', 'coreboot', 'disk.raw'])
  expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('bios, uefi, secure-boot') as string })
  const nowhere = await bootTest(['--machine', 'openstack', 'disk.raw'])
  expect(nowhere).toMatchObject({ status: 2, stderr: expect.stringContaining('needs --cloud') as string })
  const foreign = await bootTest(['--machine', 'openstack', '--cloud', 'one', '--datasource', 'ec2', 'disk.raw'])
  expect(foreign).toMatchObject({ status: 2, stderr: expect.stringContaining('configdrive-scsi') as string })
  const unasked = await bootTest(['--machine', 'openstack', '--cloud', 'one', '--checks', 'ssh', 'disk.raw'])
  expect(unasked).toMatchObject({ status: 2, stderr: expect.stringContaining('--checks ssh') as string })
  const missing = await bootTest(['no-such-file'])
  expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('no-such-file') as string })
})
