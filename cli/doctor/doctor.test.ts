import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DoctorReport } from './check.ts'
import { doctor } from './doctor.ts'
import { renderDoctor } from './render.ts'
import { readToolChecks } from './tool-checks.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function install(tool: string, version = '999.1'): Promise<void> {
  await writeFile(join(folder, tool), `#!/bin/sh\necho '${tool} ${version} (made up)'\n`)
  await chmod(join(folder, tool), 0o755)
}

async function installAll(): Promise<void> {
  const needed = (await readToolChecks()).filter((check) => check.weight === 'needed')
  // What is named by a path is a file of this host, which runs these tests.
  for (const { name } of needed) if (!name.startsWith('/')) await install(name)
}

async function examine(env: Record<string, string> = {}, kvmDevice = join(folder, 'kvm')): Promise<DoctorReport> {
  return await doctor({
    env: { HOME: folder, ...env },
    stateFolder: join(folder, 'not', 'yet', 'there'),
    host: { path: [folder], kvmDevice },
  })
}

function find(report: DoctorReport, name: string) {
  const found = report.checks.find((check) => check.name === name)
  if (!found) throw new Error(`no check is called ${name}`)
  return found
}

it('a host with every tool can run the main job', async () => {
  await installAll()
  const report = await examine()
  expect(report.checks.filter((check) => check.weight === 'needed' && !check.ok)).toEqual([])
  expect(report.ok).toBe(true)
})

it('a missing tool is named with its cost and the command that installs it', async () => {
  await installAll()
  await rm(join(folder, 'qemu-img'))
  const report = await examine()
  expect(report.ok).toBe(false)
  expect(find(report, 'qemu-img')).toEqual({
    name: 'qemu-img',
    weight: 'needed',
    ok: false,
    seen: 'not installed',
    cost: 'no qcow2 can be made',
    fix: 'bash deploy/setup.sh run',
  })
  expect(renderDoctor(report)).toContain('imagedrop drop cannot run here: qemu-img')
})

it('a tool that is too old is as good as missing, and both versions are told', async () => {
  await installAll()
  await install('mkosi', '14')
  const mkosi = find(await examine(), 'mkosi')
  expect(mkosi.ok).toBe(false)
  expect(mkosi.seen).toBe(`version 14 (${join(folder, 'mkosi')}), wanted 24 or newer`)
})

it('a tool that goes by another name elsewhere is found', async () => {
  await installAll()
  await rm(join(folder, 'grub-mkimage'))
  await install('grub2-mkimage')
  expect(find(await examine(), 'grub-mkimage')).toMatchObject({ ok: true, seen: join(folder, 'grub2-mkimage') })
})

it('a file that cannot be run is not a tool', async () => {
  await installAll()
  await chmod(join(folder, 'xorriso'), 0o644)
  expect(find(await examine(), 'xorriso').ok).toBe(false)
})

it('without KVM the main job still runs, and doctor says what that costs', async () => {
  await installAll()
  const report = await examine()
  expect(report.ok).toBe(true)
  expect(find(report, 'KVM')).toMatchObject({ ok: false, weight: 'better', seen: expect.stringContaining('ENOENT') })
  const said = renderDoctor(report)
  expect(said).toContain('ten times as long')
  expect(said).toContain('imagedrop drop can run here, with less: ')
})

it('a KVM device that opens is not called proven', async () => {
  await installAll()
  const device = join(folder, 'kvm-device')
  await writeFile(device, '')
  const kvm = find(await examine({}, device), 'KVM')
  expect(kvm).toMatchObject({ ok: true, seen: expect.stringContaining('proves it with a short boot') })
})

it('missing credentials and mail server do not stop anything', async () => {
  await installAll()
  expect(find(await examine(), 'AWS credentials')).toMatchObject({ ok: false, weight: 'extra' })
  expect(find(await examine({ AWS_PROFILE: 'releng' }), 'AWS credentials').seen).toBe('AWS, by AWS_PROFILE')
})

it('an ordinary user without subordinate ids is told the command that adds them', async () => {
  await installAll()
  const report = await doctor({
    env: {},
    stateFolder: folder,
    host: { path: [folder], isRoot: false, user: 'nobody-of-that-name' },
  })
  expect(find(report, 'subordinate ids')).toMatchObject({
    ok: false,
    seen: '/etc/subuid has no line for nobody-of-that-name',
    fix: expect.stringContaining('usermod --add-subuids'),
  })
})

it('the report is plain data, so that it can be printed as JSON', async () => {
  const report = await examine()
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})

it('a line of the tool table that lacks columns is refused with its text', async () => {
  const table = join(folder, 'host-tools.txt')
  await writeFile(table, 'run mkosi 24\n')
  await expect(readToolChecks(table)).rejects.toThrow('a line lacks columns: run mkosi 24')
})

it('no package is told of that a family does not have', async () => {
  const table = join(folder, 'host-tools.txt')
  await writeFile(table, 'extra one - one one x\nextra other - - other y\n')
  expect((await readToolChecks(table)).map(({ fix }) => fix)).toEqual([
    'apt-get install one, or dnf install one',
    'dnf install other',
  ])
})

it('every tool of the table has packages for both families and says what it is for', async () => {
  const text = await readFile(new URL('../../deploy/host-tools.txt', import.meta.url), 'utf8')
  const rows = text.split('\n').filter((line) => /^(run|test|extra)\b/.test(line))
  expect(rows.length).toBeGreaterThan(10)
  for (const row of rows) expect(row).toMatch(/^\w+ +\S+ +(\d+|-) +\S+ +\S+ +\S.*\S$/)
})
