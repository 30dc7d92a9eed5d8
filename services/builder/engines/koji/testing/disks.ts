import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { keyOfCode, makeOnce, testCache } from '#test/brokers/make-once.ts'
import { fillDisk, packageList } from '../../installer/testing/disk.ts'

/** One disk in each form in which builders upload it. */
export interface Disks {
  readonly raw: string
  readonly xz: string
  readonly qcow2: string
  readonly qcow2Xz: string
}

const code = ['disks.ts', '../../installer/testing/disk.ts'].map((file) => join(import.meta.dirname, file))

/** A disk as an installation leaves it; made once on this machine for the same code. */
export async function provideDisks(): Promise<Disks> {
  const folder = join(testCache(), `koji-disks-${await keyOfCode(code)}`)
  const raw = join(folder, 'disk.raw')
  const qcow2 = join(folder, 'disk.qcow2')
  await makeOnce(folder, async () => {
    fillDisk(raw, { '.imagedrop-packages.json': packageList, 'usr/bin/noise': noise() })
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2])
    await run('xz', ['--keep', '-1', raw, qcow2])
  })
  return { raw, xz: `${raw}.xz`, qcow2, qcow2Xz: `${qcow2}.xz` }
}

/** Half a megabyte that does not become smaller, so that a download takes its time. */
function noise(): string {
  let state = 1
  return Array.from({ length: 100_000 }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state.toString(36).slice(-5)
  }).join('')
}
