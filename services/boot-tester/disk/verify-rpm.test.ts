import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { checkDisk } from '../check-disk.ts'
import { diskChecks } from '../checks/index.ts'

const spec = `Name: small
Version: 2.0
Release: 3
Summary: Small
License: MIT
BuildArch: noarch
%description
Small
%install
mkdir -p %{buildroot}/usr/share %{buildroot}/etc
echo data > %{buildroot}/usr/share/data
echo other > %{buildroot}/usr/share/other
echo settings > %{buildroot}/etc/small.conf
%files
/usr/share/data
/usr/share/other
%config /etc/small.conf
%ghost /var/log/small.log
`

let folder: string
let database: Buffer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-verify-rpm-'))
  await writeFile(join(folder, 'small.spec'), spec)
  const places = ['--define', `_topdir ${folder}`, '--define', '_rpmdir %{_topdir}']
  await run('rpmbuild', ['-bb', ...places, join(folder, 'small.spec')])
  const built = join(folder, 'noarch', 'small-2.0-3.noarch.rpm')
  const dbpath = join(folder, 'rpmdb')
  await run('rpm', ['--dbpath', dbpath, '--define', '_db_backend sqlite', '--install', '--justdb', '--nodeps', built])
  database = await readFile(join(dbpath, 'rpmdb.sqlite'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const installed = {
  '/usr/share/data': 'data\n',
  '/usr/share/other': 'other\n',
  '/etc/small.conf': 'settings\n',
}

/** What the checks of packages say of a disk with these files. */
async function check(files: Readonly<Record<string, string | Buffer>>): Promise<string[]> {
  const tree = await mkdtemp(join(folder, 'tree-'))
  const all = { '/usr/lib/sysimage/rpm/rpmdb.sqlite': database, ...files }
  for (const [path, content] of Object.entries(all)) {
    await mkdir(join(tree, dirname(path)), { recursive: true })
    await writeFile(join(tree, path), content)
  }
  const disk = `${tree}.raw`
  await writeFile(disk, '')
  await truncate(disk, 8 * 1024 ** 2)
  await run('mke2fs', ['-q', '-t', 'ext4', '-d', tree, disk])
  const checks = diskChecks.filter(({ name }) => ['package-database', 'package-files'].includes(name))
  const results = await checkDisk(disk, { scratch: folder, checks })
  return results.map(({ name, outcome, detail }) => `${name} ${outcome}: ${detail}`)
}

it('files are as the packages brought them; configuration may be changed, and what packages only own may be missing', async () => {
  const passed = ['package-database passed: 1 packages', expect.stringMatching(/^package-files passed: \d files$/)]
  expect(await check(installed)).toEqual(passed)
  expect(await check({ ...installed, '/etc/small.conf': 'other settings\n' })).toEqual(passed)
})

it('what is changed and what is missing is named', async () => {
  const [, files] = await check({ '/usr/share/data': 'harm\n', '/etc/small.conf': 'settings\n' })
  expect(files).toBe('package-files failed: /usr/share/data is changed; /usr/share/other is missing')
})

it('a database that rpm cannot read is a finding', async () => {
  const torn = Buffer.concat([database.subarray(0, 100), Buffer.alloc(database.length - 100, 0x5a)])
  expect(await check({ ...installed, '/usr/lib/sysimage/rpm/rpmdb.sqlite': torn })).toEqual([
    expect.stringMatching(/^package-database failed: rpm ended with status 1: [^/]*$/),
    'package-files skipped: the package database cannot be read',
  ])
})
