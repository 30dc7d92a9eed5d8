import { readdir, readFile } from 'node:fs/promises'
import { z } from 'zod'
import { ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

const loopDevices = z.object({ loopdevices: z.array(z.object({ name: z.string(), 'back-file': z.string() })) })
const deadline = 60_000

/**
 * Lets go of what a killed build has left of a folder: mounts in it and of its files, device-mapper names of its disks,
 * and its loop devices. What belongs to other folders stays. May be done when there is nothing.
 */
export async function releaseLeftovers(folder: string): Promise<void> {
  const loops = await loopsOf(folder)
  const holders = (await Promise.all(loops.map(holdersOf))).flat()
  const devices = [...loops, ...holders.map((name) => `/dev/mapper/${name}`)]
  for (const mount of await mountsOf(folder, devices)) await run('umount', [mount], { deadline })
  for (const name of holders) await run('dmsetup', ['remove', '--retry', name], { deadline })
  for (const loop of loops) await run('losetup', ['--detach', loop], { deadline })
}

async function loopsOf(folder: string): Promise<string[]> {
  try {
    const { stdout } = await run('losetup', ['--list', '--json', '--output', 'NAME,BACK-FILE'], { deadline })
    if (stdout.trim() === '') return []
    const { loopdevices } = loopDevices.parse(JSON.parse(stdout))
    return loopdevices.filter((loop) => loop['back-file'].startsWith(`${folder}/`)).map(({ name }) => name)
  } catch (error) {
    if (error instanceof ToolMissing) return []
    throw error
  }
}

/** The device-mapper names on a loop device and on its partitions. */
async function holdersOf(loop: string): Promise<string[]> {
  const block = `/sys/class/block/${loop.replace('/dev/', '')}`
  const inside = await readdir(block).catch(() => [])
  const folders = [block, ...inside.filter((name) => /^loop\d+p\d+$/.test(name)).map((name) => `${block}/${name}`)]
  const mapped = (await Promise.all(folders.map((one) => readdir(`${one}/holders`).catch(() => [])))).flat()
  return await Promise.all(
    [...new Set(mapped)].map(async (dm) => (await readFile(`/sys/class/block/${dm}/dm/name`, 'utf8')).trim()),
  )
}

/** Mount points of devices and in a folder, the innermost first. */
async function mountsOf(folder: string, devices: readonly string[]): Promise<string[]> {
  const table = await readFile('/proc/self/mounts', 'utf8')
  return table
    .split('\n')
    .map((line) => line.split(' ').map((word) => word.replaceAll('\\040', ' ')))
    .filter(([device = '', point = '']) => point.startsWith(`${folder}/`) || isOneOf(device, devices))
    .map(([, point = '']) => point)
    .toReversed()
}

function isOneOf(device: string, devices: readonly string[]): boolean {
  return devices.some((one) => device === one || (one.startsWith('/dev/loop') && device.startsWith(`${one}p`)))
}
