import { createHash } from 'node:crypto'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { digestsOfFile, sha256OfFile } from './digest.ts'

const mebi = 1024 ** 2

it.each([
  ['what is read here', 3 * mebi + 5],
  ['what is read in a thread', 65 * mebi + 5],
])('%s has the digests of all of its bytes', async (_, size) => {
  const bytes = Buffer.alloc(size, 'some bytes, not a multiple of a block')
  const path = await fileOf(bytes)
  const wanted = (['sha512', 'sha256'] as const).map((name) => createHash(name).update(bytes).digest('hex'))
  expect(await digestsOfFile(path, ['sha512', 'sha256'])).toEqual(wanted)
  expect(await sha256OfFile(path)).toBe(wanted[1])
})

it('several large files are read at the same time, and this thread goes on meanwhile', async () => {
  const path = await fileOf(Buffer.alloc(256 * mebi))
  const before = performance.eventLoopUtilization()
  const found = await Promise.all([sha256OfFile(path), sha256OfFile(path)])
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5)
  expect(found[0]).toBe(found[1])
})

it.each([3 * mebi, 512 * mebi])('who is told to stop does so: a file of %i bytes', async (size) => {
  const path = await fileOf(Buffer.alloc(0))
  await truncate(path, size)
  const stop = new AbortController()
  const reading = sha256OfFile(path, stop.signal)
  stop.abort(new Error('enough'))
  await expect(reading).rejects.toThrow('enough')
})

it('a file that is not there, and one that cannot be read, are errors as the system says them', async () => {
  await expect(sha256OfFile(join(tmpdir(), 'imagedrop-not-there'))).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(sha256OfFile(tmpdir())).rejects.toMatchObject({ code: 'EISDIR' })
})

async function fileOf(bytes: Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-digest-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'file')
  await writeFile(path, bytes)
  return path
}
