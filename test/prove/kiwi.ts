import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { createKiwiEngine } from '../../services/builder/engines/kiwi/engine.ts'
import { bootDisk } from './support/boot-disk.ts'
import { buildDebian } from './support/build-debian.ts'
import { provideKiwi } from './support/provide-kiwi.ts'

/** Builds Debian 12 with KIWI, as root, and boots the image under the boot tester's checks. */
export async function prove(): Promise<boolean> {
  await provideKiwi()
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-kiwi-'))
  const before = await traces(folder)
  const engine = createKiwiEngine({ deadline: 3_600_000, idleDeadline: 900_000 })
  const disk = await buildDebian(engine, folder)
  if (disk === null) return false
  const passed = await bootDisk({ disk, folder, image: { recipe: 'debian-12', architecture: 'x86_64' } })
  const left = (await traces(folder)).filter((one) => !before.includes(one))
  console.log(left.length === 0 ? 'nothing is left on the host' : `left on the host:\n${left.join('\n')}`)
  if (passed && left.length === 0) await rm(folder, { recursive: true })
  return passed && left.length === 0
}

/** What a build could leave behind: loop devices and mounts of its folder, and files among the host's own. */
async function traces(folder: string): Promise<string[]> {
  const loops = (await run('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE'])).stdout
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  const files = (await run('find', ['/etc/apt', '/var/lib/dpkg', '-newer', folder], { okCodes: [0, 1] })).stdout
  const own = [loops, mounts].flatMap((text) => text.split('\n').filter((line) => line.includes(folder)))
  return [...own, ...files.split('\n').filter((line) => /kiwi/.test(line))]
}
