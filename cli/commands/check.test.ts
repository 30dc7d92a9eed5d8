import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { withSystem } from '../../services/boot-tester/check-disk.ts'
import { readSystemFacts } from '../../services/boot-tester/reference/facts.ts'
import { writeReference } from '../../services/boot-tester/reference/reference.ts'
import { damage } from '../../services/boot-tester/testing/damages/damage.ts'
import { makeCloudImage } from '../../services/boot-tester/testing/small-cloud-image.ts'
import { runBesideDisks } from '../testing/run-beside-disks.ts'

let folder: string
let disk: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'check-command-'))
  disk = await makeCloudImage(folder)
  await mkdir(join(folder, 'scratch'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The real command. */
async function check(...args: string[]) {
  return await runBesideDisks(folder, ['check', ...args])
}

it('passes a good image, says what was seen, and ends with 0', async () => {
  const { status, stdout, stderr } = await check('good.raw')
  expect(stderr).toBe('')
  expect(stdout).toContain('passed   boot-loader       BIOS: GRUB, UEFI: EFI/BOOT/BOOTX64.EFI\n')
  expect(stdout).toContain('skipped  size              no earlier image is known\n')
  expect(stdout).toMatch(/\npassed: \d+ passed, 0 failed, 1 skipped\n$/)
  expect(status).toBe(0)
})

it('what only warns fails no image', async () => {
  const { status, stdout } = await check('good.raw', '--earlier-bytes', '1000000')
  expect(stdout).toContain('warning  size              24 MiB, before 1 MiB: ')
  expect(stdout).toMatch(/\npassed: \d+ passed, 1 failed, 0 skipped\n$/)
  expect(status).toBe(0)
})

it('fails a broken qcow2, with what should be and the rule, for people and for programs', async () => {
  await run('cp', [disk, join(folder, 'broken.raw')])
  const broken = {
    check: 'passwords',
    what: 'root needs no password',
    says: /./,
    files: { '/etc/shadow': 'root::1::::::\n' },
  }
  await damage(join(folder, 'broken.raw'), broken)
  await run('qemu-img', ['convert', '-O', 'qcow2', join(folder, 'broken.raw'), join(folder, 'broken.qcow2')])
  const people = await check('broken.qcow2')
  expect(people.stdout).toContain('failed   passwords         root needs no password\n')
  expect(people.stdout).toMatch(/should be: every password is locked.*\n +rule: AWS, /)
  expect(people.status).toBe(1)
  const programs = await check('broken.qcow2', '--json')
  const { verdict, checks } = JSON.parse(programs.stdout) as { verdict: string; checks: Record<string, string>[] }
  expect(verdict).toBe('failed')
  expect(checks.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
    {
      name: 'passwords',
      severity: 'error',
      detail: 'root needs no password',
      rule: expect.stringContaining('shadow(5)'),
    },
  ])
  expect(programs.status).toBe(1)
})

it('compares with an installed system that was recorded, and says what differs and how much is allowed', async () => {
  const facts = await withSystem(disk, { scratch: folder }, readSystemFacts)
  const made = { on: '2026-11-26', by: 'hand', how: 'as the test says', again: 'the test' }
  const reference = writeReference({ system: 'debian', title: 'Small Linux 1', made, knows: 'all', facts })
  await writeFile(join(folder, 'same.json'), reference)
  await writeFile(join(folder, 'other.json'), reference.replace('"openssh-server"', '"dropbear"'))
  const same = await check('good.raw', '--reference', 'same.json')
  expect(same.stdout).toMatch(
    /passed +reference +differences with a reason: 0\n\ncompared with Small Linux 1, by hand, 2026-11-26\n\npassed: /,
  )
  expect(same.status).toBe(0)
  const some = {
    system: 'debian',
    title: 'Some of it',
    made,
    knows: 'some' as const,
    facts: { settings: facts.settings },
  }
  await writeFile(join(folder, 'some.json'), writeReference(some))
  const part = await check('good.raw', '--reference', 'some.json')
  expect(part.stdout).toMatch(
    /\nonly in what is known of it: .*\nnothing is known of its packages, units, kernel arguments, /,
  )
  expect(part.status).toBe(0)
  const other = await check('good.raw', '--reference', 'other.json')
  expect(other.stdout).toMatch(/\n {2}differs {2}packages: dropbear is missing\n/)
  expect(other.status).toBe(1)
  const programs = await check('good.raw', '--reference', 'other.json', '--json')
  expect(JSON.parse(programs.stdout)).toMatchObject({
    verdict: 'failed',
    reference: { compared: { deviations: [{ name: 'dropbear' }, { name: 'openssh-server' }] } },
  })
})

it.each([
  ['no reference', ['good.raw', '--reference', 'beos-5'], 2, 'there is no reference "beos-5"'],
  ['no file', ['none.raw'], 2, 'there is no file "none.raw"'],
  ['a folder', ['scratch'], 3, '"scratch" is no file'],
  ['no size', ['good.raw', '--earlier-bytes', 'much'], 2, '"much" is no number of bytes'],
])('says why it cannot check: %s', async (_, args, code, message) => {
  const { status, stdout, stderr } = await check(...args)
  expect(stdout).toBe('')
  expect(stderr).toContain(message)
  expect(status).toBe(code)
})
