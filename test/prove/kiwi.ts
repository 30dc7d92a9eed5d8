import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { run } from '#subprocess/run.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { createKiwiEngine } from '../../services/builder/engines/kiwi/engine.ts'
import { buildDebian } from './builds/build-debian.ts'
import { provideKiwi } from './builds/provide-kiwi.ts'

/** Builds Debian 12 with KIWI, as root, and boots the image under the boot tester's checks. */
export async function prove(): Promise<boolean> {
  await provideKiwi()
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-kiwi-'))
  const before = await traces(folder)
  const engine = createKiwiEngine({ deadline: 3_600_000, idleDeadline: 900_000 })
  const disk = await buildDebian(engine, folder)
  if (disk === null) return false
  const passed = await boot(folder, disk)
  const left = (await traces(folder)).filter((one) => !before.includes(one))
  console.log(left.length === 0 ? 'nothing is left on the host' : `left on the host:\n${left.join('\n')}`)
  if (passed && left.length === 0) await rm(folder, { recursive: true })
  return passed && left.length === 0
}

async function boot(folder: string, path: string): Promise<boolean> {
  const machine = createQemu({
    memoryMib: 1024,
    processors: 2,
    growBytes: 1024 ** 3,
    accelerator: 'auto',
    stateFolder: join(folder, 'boot-tester'),
    proveKvmWithin: 15_000,
  })
  const limits = { idle: 300_000, total: 1_200_000 }
  const bootTest = createBootTest({ machine, checks, limits, newNonce: () => 'c0ffee' })
  const { size } = await stat(path)
  const image = { ...exampleImage, recipe: 'debian-12', architecture: 'x86_64' as const }
  const report = await bootTest(
    { image, disk: { ...exampleArtifact('raw'), size }, path },
    {
      signal: new AbortController().signal,
      progress: () => {},
      workFolder: join(folder, 'boot'),
      logFolder: join(folder, 'logs'),
      now: () => new Date(),
    },
  )
  for (const { name, outcome, detail } of report.checks) console.log(`${outcome.padEnd(8)} ${name}: ${detail}`)
  console.log(`booted in ${report.seconds.toFixed(0)} s (${report.accelerator})`)
  return report.checks.every(({ outcome }) => outcome === 'passed')
}

/** What a build could leave behind: loop devices and mounts of its folder, and files among the host's own. */
async function traces(folder: string): Promise<string[]> {
  const loops = (await run('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE'])).stdout
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  const files = (await run('find', ['/etc/apt', '/var/lib/dpkg', '-newer', folder], { okCodes: [0, 1] })).stdout
  const own = [loops, mounts].flatMap((text) => text.split('\n').filter((line) => line.includes(folder)))
  return [...own, ...files.split('\n').filter((line) => /kiwi/.test(line))]
}
