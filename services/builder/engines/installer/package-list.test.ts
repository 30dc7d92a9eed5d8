import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { rpmListScript, takePackageList } from './package-list.ts'
import { fillDisk, packageList } from './testing/disk.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-packages-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})
const signal = new AbortController().signal

it('takes the list out of the disk, whose file system stays whole', async () => {
  const disk = join(folder, 'disk')
  const list = join(folder, 'packages.json')
  fillDisk(disk)
  await takePackageList(disk, list, signal)
  expect(await readFile(list, 'utf8')).toBe(packageList)
  await expect(takePackageList(disk, list, signal)).rejects.toMatchObject({ name: 'NothingBuilt' })
  const { stdout } = await run('e2fsck', ['-f', '-n', `${disk}?offset=1048576`])
  expect(stdout).not.toMatch(/fix|error/i)
})

it('reads what dpkg has installed, and nothing that is not', async () => {
  const disk = join(folder, 'disk')
  const stanza = (name: string, state: string) =>
    `Package: ${name}\nStatus: ${state}\nArchitecture: amd64\nVersion: 1:2.3-4\nDescription: x\n Status: install ok installed\n`
  const status = [stanza('bash', 'install ok installed'), stanza('gone', 'deinstall ok config-files')].join('\n')
  fillDisk(disk, { 'var/lib/dpkg/status': status })
  await takePackageList(disk, join(folder, 'packages.json'), signal)
  expect(JSON.parse(await readFile(join(folder, 'packages.json'), 'utf8'))).toEqual({
    packages: [{ name: 'bash', version: '1:2.3-4', architecture: 'amd64' }],
  })
})

it('asks rpm in a form that rpm takes', async () => {
  const spec = join(folder, 'one.spec')
  const tags = ['Name: one', 'Version: 1', 'Release: 2', 'Epoch: 3', 'BuildArch: noarch', 'Summary: s', 'License: l']
  await writeFile(spec, [...tags, '%description', 'd', '%files', ''].join('\n'))
  const format = /--queryformat '([^']+)'/.exec(rpmListScript)?.[1] ?? ''
  const { stdout } = await run('rpmspec', ['--query', '--queryformat', format, spec])
  expect(JSON.parse(stdout)).toEqual({ name: 'one', version: '3:1-2', architecture: 'noarch' })
})
