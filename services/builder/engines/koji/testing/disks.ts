import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { fillDisk, packageList } from '../../installer/testing/disk.ts'

/** One disk in each form in which builders upload it. */
export interface Disks {
  readonly raw: string
  readonly xz: string
  readonly qcow2: string
}

let made: Promise<Disks> | null = null

/** A disk as an installation leaves it; made once for all tests of a process. */
export function provideDisks(): Promise<Disks> {
  return (made ??= makeDisks())
}

async function makeDisks(): Promise<Disks> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-disks-'))
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  const raw = join(folder, 'disk.raw')
  fillDisk(raw, { '.imagedrop-packages.json': packageList, 'usr/bin/noise': noise() })
  await run('xz', ['--keep', '-1', raw])
  const qcow2 = join(folder, 'disk.qcow2')
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2])
  return { raw, xz: `${raw}.xz`, qcow2 }
}

/** Half a megabyte that does not become smaller, so that a download takes its time. */
function noise(): string {
  let state = 1
  return Array.from({ length: 100_000 }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state.toString(36).slice(-5)
  }).join('')
}
