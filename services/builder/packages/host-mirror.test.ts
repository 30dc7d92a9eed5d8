import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readHostMirror } from './host-mirror.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'imagedrop-host-'))
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

async function configure(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

it('reads the one-line format, with options and comments', async () => {
  await configure(
    'etc/apt/sources.list',
    [
      '# deb http://old.example.org/debian bookworm main',
      'deb-src http://source.example.org/debian bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example.org/debian/ bookworm main contrib',
      'deb http://mirror.example.org/debian-security bookworm-security main',
    ].join('\n'),
  )
  expect(await readHostMirror('debian', root)).toEqual({
    archive: 'http://mirror.example.org/debian',
    security: 'http://mirror.example.org/debian-security',
  })
})

it('reads the format of paragraphs, leaving out what is switched off', async () => {
  await configure(
    'etc/apt/sources.list.d/debian.sources',
    [
      'Types: deb\nEnabled: no\nURIs: http://off.example.org/debian\nSuites: bookworm\nComponents: main',
      'Types: deb\n# a remark\nURIs: http://mirror.example.org/debian\nSuites: bookworm\n bookworm-updates\nComponents: main',
      'Types: deb deb-src\nURIs: http://mirror.example.org/debian-security/\nSuites: bookworm-security\nComponents: main\n',
    ].join('\n\n'),
  )
  expect(await readHostMirror('debian', root)).toEqual({
    archive: 'http://mirror.example.org/debian',
    security: 'http://mirror.example.org/debian-security',
  })
})

it('does not take Ubuntu or another vendor for Debian', async () => {
  await configure('etc/apt/sources.list', 'deb http://archive.example.org/ubuntu noble main\n')
  await configure('etc/apt/sources.list.d/vendor.list', 'deb https://vendor.example.org/packages stable main\n')
  expect(await readHostMirror('debian', root)).toBeNull()
})

it('reads the address that dnf is configured with, and leaves metalinks to dnf', async () => {
  expect(await readHostMirror('fedora', root)).toBeNull()
  await configure(
    'etc/yum.repos.d/fedora.repo',
    '[fedora]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=fedora\n',
  )
  expect(await readHostMirror('fedora', root)).toBeNull()
  await configure(
    'etc/yum.repos.d/fedora.repo',
    '[fedora]\nbaseurl=http://mirror.example.org/fedora/linux/releases/$releasever/Everything/$basearch/os/\n',
  )
  expect(await readHostMirror('fedora', root)).toEqual({ archive: 'http://mirror.example.org/fedora', security: null })
})
