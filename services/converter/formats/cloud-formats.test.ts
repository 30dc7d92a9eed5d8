import { execFile } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { run } from '#subprocess/run.ts'
import { cloudFormats, quickFormats, setUp } from '../testing/set-up.ts'
import { makeFormats } from './make-formats.ts'

const shell = promisify(execFile)
const mib = 1024 * 1024
const gib = 1024 * mib

const places = 40
const apart = 3 * mib
const lastPlace = (places - 1) * apart

/** A disk with data in so many places that the map of a sparse member goes on in a second and a third block. */
async function writeInPlaces(path: string): Promise<void> {
  const { size } = await stat(path)
  await using file = await open(path, 'w')
  await file.truncate(size)
  for (let place = 0; place < places; place += 1) await file.write(randomBytes(mib / 2), 0, mib / 2, place * apart)
}

it('the tar.gz has the bytes that GNU tar makes of a sparse disk of whole GiB, and is read by it, gzip and Python', async () => {
  await using scene = await setUp({ size: 200 * mib, prepare: writeInPlaces })
  await using conversion = await scene.conversion()
  const [made] = await makeFormats([{ format: 'tar.gz' }], conversion)
  const path = made?.draft.path ?? ''
  await shell('gzip', ['--test', path])

  await shell('cp', ['--sparse=always', conversion.disk.path, join(scene.root, 'disk.raw')])
  await shell('truncate', ['--size', String(gib), join(scene.root, 'disk.raw')])
  const time = '--mtime=2013-05-21 00:00Z'
  const args = ['--format=oldgnu', '--sparse', '--owner=0', '--group=0', '--numeric-owner', '--mode=0644', time]
  await shell('tar', ['--create', ...args, '--file', 'theirs.tar', 'disk.raw'], { cwd: scene.root })
  const { stdout } = await shell('sh', ['-c', 'gzip -dc "$0" | sha256sum', path])
  expect(stdout.slice(0, 64)).toBe(await sha256OfFile(join(scene.root, 'theirs.tar')))

  const { stdout: python } = await shell('python3', ['-c', readWithPython, path])
  await using disk = await open(conversion.disk.path)
  const { buffer } = await disk.read(Buffer.alloc(mib), 0, mib, lastPlace)
  expect(JSON.parse(python)).toEqual({ name: 'disk.raw', size: gib, read: hash('sha256', buffer) })
}, 60_000)

/** Reads what is in the last place, and the zeros behind it. */
const readWithPython = `
import hashlib, json, sys, tarfile
with tarfile.open(sys.argv[1], 'r:gz') as archive:
    [member] = archive.getmembers()
    file = archive.extractfile(member)
    file.seek(${String(lastPlace)})
    print(json.dumps({'name': member.name, 'size': member.size, 'read': hashlib.sha256(file.read(${String(mib)})).hexdigest()}))
`

it('the vhd is whole MiB and a footer, whose fields are those that qemu-img writes for such a disk', async () => {
  await using scene = await setUp({ size: 130 * mib + 512, prepare: writeInPlaces })
  await using conversion = await scene.conversion()
  const [made] = await makeFormats([{ format: 'vhd' }], conversion)
  const path = made?.draft.path ?? ''
  expect((await stat(path)).size).toBe(131 * mib + 512)
  expect((await stat(path)).blocks * 512).toBeLessThan(30 * mib)

  const theirs = join(dirname(path), 'theirs.vhd')
  await run('truncate', ['--size', String(131 * mib), `${theirs}.raw`])
  const options = ['-f', 'raw', '-O', 'vpc', '-o', 'subformat=fixed,force_size=on']
  await run('qemu-img', ['convert', ...options, `${theirs}.raw`, theirs])
  const [ours, other] = [await footerOf(path), await footerOf(theirs)]
  // Cookie to where the data begins; sizes; kind of disk.
  for (const [start, end] of [
    [0, 24],
    [40, 56],
    [60, 64],
  ]) {
    expect(ours.subarray(start, end)).toEqual(other.subarray(start, end))
  }
})

async function footerOf(path: string): Promise<Buffer> {
  return (await readFile(path)).subarray(-512)
}

it('all are the same bytes with one thread and many, with a full cache, an empty one and none', async () => {
  const noise = randomBytes(mib)
  await using cache = await setUp({ noise })
  const cacheFolder = join(cache.root, 'shared')
  const digests = []
  for (const options of [
    { threads: 1, cacheFolder },
    { threads: 3, cacheLimit: 0 },
    { threads: 2, cacheFolder },
  ]) {
    await using scene = await setUp({ noise, ...options })
    await using conversion = await scene.conversion()
    const made = await makeFormats([...quickFormats, ...cloudFormats], conversion)
    digests.push(made.map(({ sha256 }) => sha256))
  }
  expect(digests[1]).toEqual(digests[0])
  expect(digests[2]).toEqual(digests[0])
})
