import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dpkgStanza, makeFileSystem, openWorkshop } from '#image/testing/disk.ts'
import { addLicenses } from './add-licenses.ts'

let workshop: Awaited<ReturnType<typeof openWorkshop>>
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(async () => {
  await workshop[Symbol.asyncDispose]()
})

const rows = [
  { type: 'deb', name: 'tool', version: '1.0-1', architecture: 'amd64' },
  { type: 'deb', name: 'tool-data', version: '1.0-1', architecture: 'amd64' },
  { type: 'deb', name: 'other', version: '2:3.4', architecture: 'amd64' },
]

async function listFor(disk: string) {
  const { folder } = workshop
  const packages = join(folder, 'packages.json')
  await writeFile(packages, JSON.stringify({ manifest_version: 1, packages: rows }))
  const said: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => said.push(line) })
  const add = () => addLicenses({ disk, packages }, { scratch: folder, signal: AbortSignal.timeout(30_000), log })
  await add()
  const text = await readFile(packages, 'utf8')
  await add()
  expect(await readFile(packages, 'utf8')).toBe(text)
  return { list: JSON.parse(text) as unknown, said }
}

it('a list of packages says the licence that the image has of each, and where the texts are', async () => {
  const { folder } = workshop
  const format = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n'
  const disk = await makeFileSystem(folder, {
    files: {
      '/var/lib/dpkg/status': dpkgStanza('tool', '1.0-1') + dpkgStanza('tool-data', '1.0-1') + dpkgStanza('other', '3'),
      '/usr/share/doc/tool/copyright': `${format}Files: *\nCopyright: 2026 somebody\nLicense: GPL-2+ and custom\n`,
    },
    links: { '/usr/share/doc/tool-data': 'tool' },
  })
  const { list, said } = await listFor(disk)
  const license = expect.stringMatching(/^GPL-2\.0-or-later AND LicenseRef-Debian-custom-[0-9a-f]{12}$/) as string
  expect(list).toEqual({
    manifest_version: 1,
    packages: [{ ...rows[0], license }, { ...rows[1], license }, rows[2]],
    licenseTexts: [
      {
        id: expect.stringContaining('LicenseRef-Debian-custom-') as string,
        name: 'custom',
        file: '/usr/share/doc/tool/copyright',
        sha256: expect.any(String) as string,
      },
    ],
  })
  expect(said).toEqual([])
})

it('a list stays as it is, and the log says why, when the image cannot be read', async () => {
  const disk = join(workshop.folder, 'nothing.raw')
  await writeFile(disk, Buffer.alloc(1024 * 1024))
  const { list, said } = await listFor(disk)
  expect(list).toEqual({ manifest_version: 1, packages: rows })
  expect(said[0]).toContain('the licences of the packages cannot be read from the image')
})
