import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lockSuffix, pruneBases } from './prune-bases.ts'

it('base trees that nobody used for a day and a half go; their locks, which somebody may have, stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-bases-'))
  const now = new Date('2026-11-21T12:00:00Z')
  const write = async (name: string, hours: number) => {
    const path = join(folder, name)
    await writeFile(path, '')
    const used = new Date(now.getTime() - hours * 3_600_000)
    await utimes(path, used, used)
  }
  await write('old.tar', 37)
  await write(`old.tar${lockSuffix}`, 37)
  await write('new.tar', 35)
  await pruneBases(folder, now)
  expect((await readdir(folder)).toSorted()).toEqual(['new.tar', `old.tar${lockSuffix}`])
  await rm(folder, { recursive: true })
})
