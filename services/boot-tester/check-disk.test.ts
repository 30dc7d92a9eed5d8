import { randomUUID } from 'node:crypto'
import { constants, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkDisk } from './check-disk.ts'
import { diskChecks } from './checks/index.ts'
import { damage } from './testing/damages/damage.ts'
import { diskDamages } from './testing/damages/index.ts'
import { makeCloudImage } from './testing/small-cloud-image.ts'

let folder: string
let good: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-check-disk-'))
  good = await makeCloudImage(folder)
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const usualBytes = 24 * 1024 ** 2

async function check(disk: string, earlierBytes: number | null = usualBytes) {
  return await checkDisk(disk, { scratch: folder, earlierBytes })
}

it('a good image passes every check, and nothing is left of reading it', async () => {
  const before = await readdir(folder)
  const results = await check(good)
  expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
  expect(results.map(({ name }) => name)).toEqual(diskChecks.map(({ name }) => name))
  expect(await readdir(folder)).toEqual(before)
})

it.concurrent.each(diskDamages.map((one) => [`${one.check} alone finds that ${one.what}`, one] as const))(
  '%s',
  async (_, one) => {
    const disk = join(folder, `${randomUUID()}.raw`)
    await copyFile(good, disk, constants.COPYFILE_FICLONE)
    await damage(disk, one)
    const failed = (await check(disk, one.earlierBytes)).filter(({ outcome }) => outcome === 'failed')
    expect(failed).toEqual([
      { name: one.check, outcome: 'failed', seconds: 0, detail: expect.stringMatching(one.says) },
    ])
  },
)

it('no check of a disk is without a damage', () => {
  expect([...new Set(diskDamages.map((one) => one.check))].toSorted()).toEqual(
    diskChecks.map(({ name }) => name).toSorted(),
  )
})
