import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { exampleCompose, exampleImage } from '#events/examples.ts'
import type { BuildRequest, Engine } from '../../../services/builder/engines/engine.ts'
import { findSources } from '../../../services/builder/packages/find-sources.ts'
import { readHostMirror } from '../../../services/builder/packages/host-mirror.ts'
import { readRecipe, recipesFolder } from '../../../services/builder/read-recipe.ts'

/** Builds the generic image of Debian 12 with an engine, and tells of it; null when that failed. */
export async function buildDebian(engine: Engine, folder: string): Promise<string | null> {
  const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
  for (const one of Object.values(folders)) await mkdir(one, { recursive: true })
  const plan = engine.plan(await debian12(), folders)
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
  const compose = { ...exampleCompose, id: 'Debian-12-20260101.0', short: 'Debian', version: '12', date: '20260101' }
  const sources = await findSources({ ...compose, location: '/srv/compose' }, recipe, 'x86_64', {
    mirror: null,
    hostMirror: readHostMirror,
    fetch,
    requireSecurity: false,
    log: pino({ level: 'silent' }),
    signal: AbortSignal.timeout(60_000),
  })
  return { compose, image: { ...exampleImage, flavour: 'generic', recipe: 'debian-12' }, recipe, sources }
}

/** Tells the seconds since it was started. */
export function stopwatch(): () => string {
  const start = performance.now()
  return () => `${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s`
}

function mebi(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0)
}
