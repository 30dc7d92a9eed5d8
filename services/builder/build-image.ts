import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { hasCode } from '#files/errors.ts'
import type { Context } from '#service/define.ts'
import type { BuildRequest, Engine } from './engines/engine.ts'

/** What building depends on, besides the request. */
export interface BuildDependencies {
  readonly engine: Engine
  readonly artifacts: ArtifactStore
  /** Folder that builds share, kept over restarts. */
  readonly cacheFolder: string
}

export interface BuiltImage {
  readonly disk: ArtifactRef
  readonly packages: ArtifactRef
  readonly log: ArtifactRef
}

/** Builds one image and stores its raw disk, its package list and the log. The log is kept whatever happens. */
export async function buildImage(
  request: BuildRequest,
  { engine, artifacts, cacheFolder }: BuildDependencies,
  context: Context,
): Promise<BuiltImage> {
  const { signal, progress, log, workFolder } = context
  const folders = { work: workFolder, cache: join(cacheFolder, engine.id) }
  const logFile = logFileOf(context)
  await mkdir(folders.cache, { recursive: true })
  const plan = engine.plan(request, folders)
  const startedAt = context.now()
  await engine.run(plan, { signal, progress, log, logFile, folders })
  const built = await engine.collect(plan, startedAt, signal)
  progress({ phase: 'storing the disk' })
  return {
    disk: await keepFile(artifacts, built.disk, 'raw', signal),
    packages: await keepFile(artifacts, built.packages, 'json', signal),
    log: await keepLog(artifacts, logFile),
  }
}

/** Where the tools of a build write what they say; one file over all its attempts. */
export function logFileOf({ logFolder }: Pick<Context, 'logFolder'>): string {
  return join(logFolder, 'build.log')
}

/** Stores the log as it is now; empty when no tool has said anything. */
export async function keepLog(artifacts: ArtifactStore, logFile: string): Promise<ArtifactRef> {
  const text = await readFile(logFile).catch(() => Buffer.alloc(0))
  return await artifacts.keepBytes(text, 'log')
}

async function keepFile(
  artifacts: ArtifactStore,
  path: string,
  format: string,
  signal: AbortSignal,
): Promise<ArtifactRef> {
  await using draft = await artifacts.draft(`built.${format}`)
  await moveFile(path, draft.path)
  return await artifacts.keep(draft, { format, signal })
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error
    await copyFile(from, to)
  }
}
