import { mkdtemp, readdir, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import type { DropReady } from '#events/drop-ready.ts'
import { candidate, keepImages } from '../testing/drops.ts'
import { blessed, failureOf, hear, ready, treeOf } from '../testing/speak.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { explainFullDisk } from './capacity.ts'

describe('a mirror on another file system than the artifacts', () => {
  it('gets verified copies', async (test) => {
    await using other = await otherFileSystem(test)
    await using scene = await openScene({ root: join(other.path, 'mirror') })
    const { files } = treeOf(await hear(scene, blessed(candidate(1, await keepImages(scene.store)))), dropMirrored)
    for (const { path, sha256 } of files) {
      expect(await sha256OfFile(scene.at(path))).toBe(sha256)
      expect((await stat(scene.at(path))).nlink).toBe(1)
    }
  })

  it('that is too small is told with the bytes wanted and free, before a byte is copied', async (test) => {
    await using other = await otherFileSystem(test)
    await using scene = await openScene({ root: join(other.path, 'mirror') })
    const size = 4 * 1024 ** 4
    const drop = await withHugeArtifact(scene, candidate(1, await keepImages(scene.store)), size)
    const { bavail, bsize } = await statfs(other.path)
    const failure = failureOf(await hear(scene, ready(drop)))
    expect(failure.class).toBe('capacity')
    const [, wanted, free] =
      /^no space left on the mirror master: .*\((\d+) bytes\) wanted, .*\((\d+) bytes\) free$/.exec(failure.reason) ?? [
        failure.reason,
      ]
    expect(Number(wanted)).toBeGreaterThan(size)
    expect(Number(free)).toBeLessThanOrEqual(bavail * bsize + 1024 ** 2)
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })
})

it('a disk that fills up on the way is told with the bytes wanted and free; other errors stay what they are', async () => {
  const full: unknown = await writeFile('/dev/full', 'x').catch((error: unknown) => error)
  expect(await explainFullDisk(full, 5 * 1024 ** 2, tmpdir())).toMatchObject({
    failureClass: 'capacity',
    message: expect.stringMatching(
      /^no space left on the mirror master: 5\.0 MiB \(5242880 bytes\) wanted, .* free$/,
    ) as string,
    cause: full,
  })
  const other = new Error('something else')
  expect(await explainFullDisk(other, 1, tmpdir())).toBe(other)
})

/** Makes the first artifact a file of that size which is one hole. */
async function withHugeArtifact({ store }: Scene, drop: DropReady, size: number): Promise<DropReady> {
  const ref = drop.images[0]?.artifacts[0]
  if (!ref) throw new Error('the drop has no artifact')
  await truncate(await store.open(ref), size)
  const huge = { ...ref, size }
  return {
    ...drop,
    images: drop.images.map((one, index) => (index === 0 ? { ...one, artifacts: one.artifacts.with(0, huge) } : one)),
  }
}

/** A folder on the memory file system that Linux offers; skipped where there is only one file system. */
async function otherFileSystem(test: TestContext) {
  const [memory, temporary] = await Promise.all(['/dev/shm', tmpdir()].map((path) => stat(path).catch(() => null)))
  if (!memory || memory.dev === temporary?.dev) test.skip('there is no second file system at /dev/shm')
  const path = await mkdtemp('/dev/shm/imagedrop-mirror-')
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
