import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { releaseLeftovers } from './leftovers.ts'
import { fillDisk } from './testing/disk.ts'

/** Not every container may have loop devices and mounts. */
async function canMountLoops(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-loop-'))
  try {
    await writeFile(join(folder, 'file'), '')
    await truncate(join(folder, 'file'), 1 << 20)
    const { stdout } = await run('losetup', ['--find', '--show', join(folder, 'file')])
    await run('losetup', ['--detach', stdout.trim()])
    return true
  } catch {
    return false
  } finally {
    await rm(folder, { recursive: true })
  }
}

it.skipIf(!(await canMountLoops()))(
  "lets go of a killed build's mounts and loop devices, and of nobody else's",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imagedrop-leftovers-'))
    const places = ['ours', 'ours-too'].map((name) => join(folder, name))
    const attach = async (place: string) => {
      await mkdir(join(place, 'mounted'), { recursive: true })
      fillDisk(join(place, 'disk'))
      const { stdout } = await run('losetup', ['--find', '--show', '--offset', '1048576', join(place, 'disk')])
      await run('mount', [stdout.trim(), join(place, 'mounted')])
      return stdout.trim()
    }
    const loops = await Promise.all(places.map(attach))
    const isMounted = async (loop = '') => (await readFile('/proc/self/mounts', 'utf8')).includes(`${loop} `)
    try {
      await releaseLeftovers(places[0] ?? '')
      expect(await Promise.all(loops.map(isMounted))).toEqual([false, true])
      expect((await run('losetup', ['--list', '--noheadings', '--output', 'NAME'])).stdout).not.toContain(
        `${loops[0] ?? ''}\n`,
      )
      await releaseLeftovers(places[0] ?? '')
    } finally {
      await releaseLeftovers(places[1] ?? '')
      await rm(folder, { recursive: true })
    }
  },
)
