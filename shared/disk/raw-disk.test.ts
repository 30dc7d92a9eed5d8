import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { openRawDisk } from './raw-disk.ts'
import { vhdFooterBytes } from './vhd-footer.ts'

const mebi = 1024 ** 2

let folder: string
let content: Buffer
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raw, disk-'))
  content = Buffer.alloc(5 * mebi)
  content.fill('data', 3 * mebi, 3 * mebi + 70_000)
  await writeFile(join(folder, 'disk.raw'), content)
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Makes a VHD, and gives its path. */
async function vhd(subformat: 'fixed' | 'dynamic', { forcesSize = true } = {}): Promise<string> {
  const path = join(folder, `${subformat}.vhd`)
  const options = `subformat=${subformat}${forcesSize ? ',force_size=on' : ''}`
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vpc', '-o', options, join(folder, 'disk.raw'), path])
  return path
}

async function openIn(scratch: string, path: string) {
  await mkdir(join(folder, scratch))
  return await openRawDisk(path, { scratch: join(folder, scratch) })
}

it.each(['fixed', 'dynamic'] as const)('a %s VHD is read as the disk that it was made of', async (subformat) => {
  const disk = await openIn('scratch', await vhd(subformat))
  expect(disk.format).toBe('vhd')
  expect((await readFile(disk.path)).equals(content)).toBe(true)
})

it('a VHD of a writer that counts in cylinders is as large as its footer says', async () => {
  const disk = await openIn('scratch', await vhd('dynamic', { forcesSize: false }))
  const bytes = await readFile(disk.path)
  expect(bytes.length).toBeGreaterThan(content.length)
  expect(bytes.subarray(0, content.length).equals(content)).toBe(true)
})

it('a VHD that grows and is cut short, and a fixed one that lost a part, are refused', async () => {
  const dynamic = await vhd('dynamic')
  await truncate(dynamic, (await readFile(dynamic)).length - 100)
  await expect(openIn('one', dynamic)).rejects.toThrow('is a VHD that is cut short')
  const fixed = await vhd('fixed')
  const bytes = await readFile(fixed)
  await writeFile(fixed, Buffer.concat([bytes.subarray(0, mebi), bytes.subarray(-vhdFooterBytes)]))
  await expect(openIn('two', fixed)).rejects.toThrow('tells of 5242880 bytes, before it are 1048576')
})

it('a VHD that has the rest in another file is refused, and that file not read', async () => {
  const path = await vhd('dynamic')
  const bytes = await readFile(path)
  const footer = bytes.subarray(-vhdFooterBytes)
  footer.writeUInt32BE(4, 60)
  // What the kind has gained, the checksum has lost: it is the complement of the sum.
  footer.writeUInt32BE(footer.readUInt32BE(64) - 1, 64)
  await writeFile(path, bytes)
  await expect(openIn('scratch', path)).rejects.toThrow('it names another file that has the rest')
})

it('a raw disk that ends with the word of a VHD alone is raw', async () => {
  content.write('conectix', content.length - vhdFooterBytes)
  await writeFile(join(folder, 'disk.raw'), content)
  expect(await openIn('scratch', join(folder, 'disk.raw'))).toMatchObject({ format: 'raw' })
})
