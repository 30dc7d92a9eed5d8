import { randomUUID } from 'node:crypto'
import { constants, copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { checkDisk } from './check-disk.ts'
import { diskChecks } from './checks/index.ts'
import { damage } from './testing/damages/damage.ts'
import { diskDamages } from './testing/damages/index.ts'
import { espAt, kernelLine, makeCloudImage } from './testing/small-cloud-image.ts'

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

it('an entry on an ESP that fstab does not mount is judged as any other', async () => {
  const disk = join(folder, 'systemd-boot.raw')
  await copyFile(good, disk, constants.COPYFILE_FICLONE)
  const entry = join(folder, 'small.conf')
  const judged = async (line: string) => {
    await writeFile(entry, `title Small\nlinux /kernel\ninitrd /initrd\noptions ${line}\n`)
    await damage(disk, {
      check: 'boot-entry',
      what: 'systemd-boot starts it',
      says: /./,
      requests: ['rm /boot/grub/grub.cfg'],
      esp: [['mcopy', '-o', entry, '::/loader/entries/small.conf']],
    })
    const asked = diskChecks.filter(({ name }) => name === 'boot-entry' || name === 'kernel-arguments')
    const results = await checkDisk(disk, { scratch: folder, checks: asked })
    return results.map(({ outcome, detail }) => `${outcome}: ${detail}`)
  }
  for (const one of ['::/loader', '::/loader/entries']) await run('mmd', ['-i', `${disk}@@${String(espAt)}`, one])
  expect(await judged(`${kernelLine} quiet`)).toEqual([
    expect.stringMatching(/^failed: .*small.conf names \/kernel, which is not there; .* names \/initrd/),
    `passed: ${kernelLine} quiet`,
  ])
  for (const one of ['kernel', 'initrd']) await run('mcopy', ['-i', `${disk}@@${String(espAt)}`, entry, `::/${one}`])
  const [found] = await judged(kernelLine)
  expect(found).toMatch(/^passed: \/partition \d+\/loader\/entries\/small.conf: \/kernel, \/initrd$/)
  const [elsewhere] = await judged(kernelLine.replace('UUID=0', 'UUID=1'))
  expect(elsewhere).toMatch(/^failed: .* gives root=UUID=1/)
})

it('no check of a disk is without a damage', () => {
  expect([...new Set(diskDamages.map((one) => one.check))].toSorted()).toEqual(
    diskChecks.map(({ name }) => name).toSorted(),
  )
})
