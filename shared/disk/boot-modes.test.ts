import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Readable } from 'node:stream'
import { run } from '#subprocess/run.ts'
import { readBootModes } from './boot-modes.ts'

let folder: string
let disk: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-modes-'))
  disk = join(folder, 'disk.raw')
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Makes a disk with sfdisk; `code` is what a boot loader puts before the partition table. */
async function makeDisk(table: string, code = false) {
  await using file = await open(disk, 'w')
  await file.truncate(64 * 1024 * 1024)
  await run('sfdisk', ['--quiet', disk], { input: Readable.from([table]) })
  await using again = await open(disk, 'r+')
  if (code) await again.write(Buffer.from([0xeb, 0x63]), 0, 2, 0)
}

const bios = ',1M,21686148-6449-6E6F-744E-656564454649'
const root = ',,4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709'

it.each([
  ['a GPT with boot code and an ESP', ['label: gpt', bios, ',16M,U', root], true, ['bios', 'uefi']],
  ['a GPT with boot code and no ESP', ['label: gpt', bios, root], true, ['bios']],
  ['a GPT with an ESP and no boot code', ['label: gpt', ',16M,U', root], false, ['uefi']],
  ['an MBR with boot code', ['label: dos', ',,L,*'], true, ['bios']],
  ['an MBR with an ESP', ['label: dos', ',16M,ef', ',,L'], false, ['uefi']],
  ['a disk that nothing starts from', ['label: gpt', root], false, []],
])('%s', async (_, table, code, expected) => {
  await makeDisk(`${table.join('\n')}\n`, code)
  expect(await readBootModes(disk)).toEqual(expected)
})
