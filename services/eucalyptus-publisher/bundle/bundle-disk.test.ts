import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundleDisk, partSize } from './bundle-disk.ts'
import { deriveSecrets } from './bundle-secrets.ts'

const size = partSize + 512
let path: string
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'imagedrop-bundle-')), 'disk.raw')
  await writeFile(path, randomBytes(size))
})
afterAll(async () => {
  await rm(join(path, '..'), { recursive: true, force: true })
})

const signal = new AbortController().signal
const bundling = { name: 'disk', secrets: deriveSecrets('secret', []), compression: 1, onBytes() {}, signal }

it.each([0, 1])('is no bundle when part %i was not taken, however early that was known', async (failing) => {
  const onPart = ({ index }: { readonly index: number }) =>
    index === failing ? Promise.reject(new Error('not taken')) : Promise.resolve()
  await expect(bundleDisk({ ...bundling, disk: { path, size }, onPart })).rejects.toThrow('not taken')
})

it('is no bundle of a disk that has another size than was said', async () => {
  const onPart = () => Promise.resolve()
  await expect(bundleDisk({ ...bundling, disk: { path, size: 512 }, onPart })).rejects.toThrow(/bytes, not 512/)
})
