import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { longestMemberName, tarEnd, tarHeader } from './tar.ts'

const time = new Date('2013-05-21T00:00:00Z')
const gib = 1024 ** 3
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-tar-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

it.each([
  ['an empty file', 0],
  ['a sector', 512],
  ['the largest size in octal digits', 8 * gib - 1],
  ['the smallest size in base 256', 8 * gib],
  ['a disk of 9 GiB', 9 * gib],
  ['a disk of 2 TiB and a byte', 2048 * gib + 1],
])('writes the very header that GNU tar writes for %s', async (_, size) => {
  const name = 'debian-12-generic-x86_64.raw'
  await makeFile(name, size)
  const archive = join(folder, 'head')
  await run('sh', ['-c', 'tar "$@" | head --bytes=512 > "$0"', archive, ...gnuTar(name)], { cwd: folder })
  expect(tarHeader({ name, size, time })).toEqual(await readFile(archive))
})

it('ends every archive as GNU tar does, in whole records', async () => {
  const name = 'disk.raw'
  for (const size of [1, 511, 512, 513, 8704, 8705, 9216, 9728, 10_239, 10_240, 20_480, 100_000]) {
    await makeFile(name, size)
    await run('tar', [...gnuTar(name), '--file', 'whole.tar'], { cwd: folder })
    const ours = Buffer.concat([tarHeader({ name, size, time }), Buffer.alloc(size), tarEnd(size)])
    expect(ours.equals(await readFile(join(folder, 'whole.tar')))).toBe(true)
  }
})

it('takes the longest name that old readers take, and refuses what would become another name', () => {
  const name = 'n'.repeat(longestMemberName)
  expect(tarHeader({ name, size: 0, time }).subarray(0, 100).toString()).toBe(`${name}\0`)
  for (const bad of [`${name}n`, '', 'with space.raw', 'dé.raw', 'new\nline.raw']) {
    expect(() => tarHeader({ name: bad, size: 0, time })).toThrow(`of 1 to 99 ASCII characters, got ${bad}`)
  }
})

async function makeFile(name: string, size: number): Promise<void> {
  await using file = await open(join(folder, name), 'w')
  await file.truncate(size)
}

function gnuTar(name: string): string[] {
  const time = '--mtime=2013-05-21 00:00:00Z'
  return ['--create', '--format=gnu', '--owner=0', '--group=0', '--numeric-owner', '--mode=0644', time, name]
}
