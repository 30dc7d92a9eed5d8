import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { exampleImage } from '#events/examples.ts'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { debianCompose, findDebianSources } from '#test/support/debian-sources.ts'
import type { BuildRequest } from '../../services/builder/engines/engine.ts'
import { createKiwiEngine } from '../../services/builder/engines/kiwi/engine.ts'
import { readRecipe, recipesFolder } from '../../services/builder/read-recipe.ts'
import { bootDisk } from './support/boot-disk.ts'
import { stopwatch } from './support/stopwatch.ts'

const kiwi = 'kiwi==11.1.6'

/** Builds Debian 12 with KIWI, as root, and boots the image under the boot tester's checks. */
export async function prove(): Promise<boolean> {
  console.log(`fetching ${kiwi} from PyPI, unless it is there`)
  const bin = await providePythonEnvironment('kiwi', [kiwi])
  process.env['PATH'] = `${bin}:${process.env['PATH'] ?? ''}`
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-kiwi-'))
  const before = await traces(folder)
  const disk = await build(folder)
  if (disk === null) return false
  const passed = await bootDisk({ disk, folder, image: { recipe: 'debian-12', architecture: 'x86_64' } })
  const left = (await traces(folder)).filter((one) => !before.includes(one))
  console.log(left.length === 0 ? 'nothing is left on the host' : `left on the host:\n${left.join('\n')}`)
  if (passed && left.length === 0) await rm(folder, { recursive: true })
  return passed && left.length === 0
}

async function build(folder: string): Promise<string | null> {
  const engine = createKiwiEngine({ deadline: 3_600_000, idleDeadline: 900_000 })
  const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
  for (const one of Object.values(folders)) await mkdir(one)
  const plan = engine.plan(await debian12(), folders)
  const startedAt = new Date()
  const clock = stopwatch()
  const logFile = join(folder, 'build.log')
  console.log(`KIWI ${(await engine.version()) ?? 'is missing'}; its log: ${logFile}`)
  try {
    await engine.run(plan, {
      signal: new AbortController().signal,
      progress: ({ phase }) => {
        console.log(`${clock()} ${phase}`)
      },
      log: pino({ level: 'silent' }),
      now: () => new Date(),
      logFile,
      folders,
    })
    const built = await engine.collect(plan, startedAt, AbortSignal.timeout(60_000))
    const { size, blocks } = await stat(built.disk)
    const { packages } = JSON.parse(await readFile(built.packages, 'utf8')) as { packages: unknown[] }
    console.log(
      `${clock()} built: ${mebi(size)} MiB, ${mebi(blocks * 512)} MiB of them data, ${String(packages.length)} packages`,
    )
    return built.disk
  } catch (error) {
    console.log(`${clock()} failed (${engine.classify(error)}): ${engine.explain(error)}`)
    return null
  }
}

async function debian12(): Promise<BuildRequest> {
  const recipe = await readRecipe('debian-12', [recipesFolder])
  const image = { ...exampleImage, flavour: 'generic', recipe: 'debian-12' }
  return {
    drop: `weekly-${debianCompose.id}`,
    compose: debianCompose,
    image,
    recipe,
    sources: await findDebianSources(),
  }
}

/** What a build could leave behind: loop devices and mounts of its folder, and files among the host's own. */
async function traces(folder: string): Promise<string[]> {
  const loops = (await run('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE'])).stdout
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  const files = (await run('find', ['/etc/apt', '/var/lib/dpkg', '-newer', folder], { okCodes: [0, 1] })).stdout
  const own = [loops, mounts].flatMap((text) => text.split('\n').filter((line) => line.includes(folder)))
  return [...own, ...files.split('\n').filter((line) => /kiwi/.test(line))]
}

function mebi(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0)
}
