import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { comparison } from '#image/comparison/comparison.ts'
import { dpkgStanza, makeFileSystem, makePartitioned, openWorkshop } from '#image/testing/disk.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { run } from '#subprocess/run.ts'
import { runBesideDisks } from '../testing/run-beside-disks.ts'

let workshop: Awaited<ReturnType<typeof openWorkshop>>
let folder: string
beforeAll(async () => {
  workshop = await openWorkshop()
  folder = workshop.folder
  await mkdir(join(folder, 'scratch'))
  await rename(await makeFileSystem(folder), join(folder, 'old.raw'))
  const files = {
    '/usr/share/other': 'changed',
    '/usr/share/tool/data': 'changed',
    '/usr/new/one': '',
    '/usr/new/two': '',
    '/var/log/install.log': 'built on a Monday',
    '/var/lib/dpkg/status': dpkgStanza('tool', '1.0-2') + dpkgStanza('other', '2:3.4'),
  }
  await rename(await makeFileSystem(folder, { files }), join(folder, 'new.raw'))
})
afterAll(async () => {
  await workshop[Symbol.asyncDispose]()
})

/** The real command, in the folder of the disks. */
async function compare(...args: string[]) {
  return await runBesideDisks(folder, ['compare', ...args])
}

it('tells people each thing once, what matters most first, and ends with 1', async () => {
  const { status, stdout, stderr } = await compare('old.raw', 'new.raw')
  expect(stdout).toMatchInlineSnapshot(`
    "A  old.raw (raw): Small Linux 1
    B  new.raw (raw): Small Linux 1

    packages:
      ~ tool:amd64: 1.0-1 → 1.0-2 (1 file)

    files:
      ~ /usr/share/other: size 6 → 7
      + /usr/new: directory, mode 0755, owner root:root, with 2 below it

    allowed:
      1  identifiers that are made for each image
      2  logs tell of the build

    the images differ: 6 differences
    "
  `)
  expect(stderr).toBe('')
  expect(status).toBe(1)
})

it('tells programs everything, in the shape that is documented', async () => {
  const { status, stdout } = await compare('--json', 'old.raw', 'new.raw')
  const { equal, differences, allowed } = comparison.parse(JSON.parse(stdout))
  expect(equal).toBe(false)
  expect(differences.map(({ section, name }) => `${section} ${name}`)).toEqual([
    'packages tool:amd64',
    'files /usr/new',
    'files /usr/new/one',
    'files /usr/new/two',
    'files /usr/share/other',
    'files /usr/share/tool/data',
  ])
  expect(differences.at(-1)?.package).toBe('tool:amd64')
  expect(allowed.flatMap((one) => one.differences.map(({ name }) => name))).toEqual([
    'root',
    '/var/log',
    '/var/log/install.log',
  ])
  expect(status).toBe(1)
})

it('ends with 0 for the same disk in every format, whatever the file is called', async () => {
  const raw = await makePartitioned(join(folder, 'old.raw'), 'label: gpt\nstart=2048, size=40960\n')
  await run('qemu-img', ['convert', '-c', '-O', 'qcow2', raw, join(folder, 'disk.one')])
  await run('xz', ['--keep', '-1', raw])
  for (const other of ['disk.one', `${raw}.xz`]) {
    const { status, stdout } = await compare(raw, other)
    expect(stdout).toContain('\nthe images are equal\n')
    expect(status).toBe(0)
  }
})

it('takes an image of a drop by its name', async () => {
  const store = await createFolderStore(join(folder, 'state', 'artifacts'))
  const draft = await store.draft('disk.raw')
  await copyFile(join(folder, 'old.raw'), draft.path)
  const disk = await store.keep(draft, { format: 'raw' })
  const { example } = imageBuilt
  {
    await using ledger = await openSqliteLedger(join(folder, 'state', 'ledger'))
    await ledger.say(seal(say(imageBuilt, { ...example, disk }), { now: new Date() }), new Date())
  }
  const image = `${example.drop}/${example.image.flavour}.${example.image.architecture}`
  const named = await compare('--state', 'state', image, 'old.raw')
  expect(named).toMatchObject({ status: 0, stderr: '' })
  expect(named.stdout).toContain(`A  ${image} (raw): Small Linux 1\n`)
  const unknown = await compare('--state', 'state', `${example.drop}/other.x86_64`, 'old.raw')
  expect(unknown.status).toBe(2)
  expect(unknown.stderr).toContain(`the drop has ${example.image.flavour}.${example.image.architecture}\n`)
})

it.each([
  ['no file', 'none.raw', 2, 'there is no file "none.raw"'],
  ['a folder', 'scratch', 3, '"scratch" is no file'],
])('says why it cannot compare: %s', async (_, name, code, message) => {
  const { status, stdout, stderr } = await compare('old.raw', name)
  expect(stdout).toBe('')
  expect(stderr).toBe(`imagedrop: ${message}\n`)
  expect(status).toBe(code)
})

it('wants two images', async () => {
  expect(await compare('old.raw')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('another IMAGE is missing'),
  })
  expect(await compare('old.raw', 'a', 'b')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('one argument too many'),
  })
})

it('shows names that would move the cursor or turn the text as what they are', async () => {
  const wild = 'esc\u001b[31m\nnewline \u202e\u009b'
  const disk = await makeFileSystem(folder, { files: { [`/usr/share/${wild}`]: '' } })
  const { stdout } = await compare('old.raw', disk, '--all')
  expect(stdout).toContain('+ /usr/share/esc\\x1b[31m\\x0anewline \\u{202e}\\x9b: file, mode 0644')
  expect(stdout).not.toMatch(/[^\P{C}\n]/u)
})
