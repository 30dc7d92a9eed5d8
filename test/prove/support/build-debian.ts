import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { exampleImage } from '#events/examples.ts'
import { debianCompose, findDebianSources } from '#test/support/debian-sources.ts'
import type { BuildRequest, Engine } from '../../../services/builder/engines/engine.ts'
import { readRecipe, recipesFolder } from '../../../services/builder/read-recipe.ts'
import { stopwatch } from './stopwatch.ts'

/** Which image, and where what builds share is kept. */
interface BuildOptions {
  readonly flavour?: string
  readonly cache?: string
}

/** Builds an image of Debian 12 with an engine, the generic one unless another is named, and tells of it; null when that failed. */
export async function buildDebian(
  engine: Engine,
  folder: string,
  { flavour = 'generic', cache = join(folder, 'cache') }: BuildOptions = {},
): Promise<string | null> {
  const folders = { work: join(folder, 'work'), cache }
  for (const one of Object.values(folders)) await mkdir(one, { recursive: true })
  const plan = engine.plan(await debian12(flavour), folders)
  const startedAt = new Date()
  const clock = stopwatch()
  const logFile = join(folder, 'build.log')
  console.log(`${engine.id} ${(await engine.version()) ?? 'is missing'}; its log: ${logFile}`)
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

async function debian12(flavour: string): Promise<BuildRequest> {
  return {
    drop: `weekly-${debianCompose.id}`,
    compose: debianCompose,
    image: { ...exampleImage, flavour, recipe: 'debian-12' },
    recipe: await readRecipe('debian-12', [recipesFolder]),
    sources: await findDebianSources(),
  }
}

function mebi(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0)
}
