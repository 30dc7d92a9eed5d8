import { copyFile, mkdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ArtifactStore } from '#artifacts/store.ts'
import { readBootModes, type BootMode } from '#disk/boot-modes.ts'
import type { ArtifactRef, ImageInputs } from '#events/vocabulary.ts'
import { hasCode } from '#files/errors.ts'
import type { Context, WaitFor } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import { addLicenses } from './add-licenses.ts'
import type { Turn } from './contingency.ts'
import { formatDescription } from './describe-build.ts'
import type { BuildPlan, BuildRequest, Engine, EngineContext, EngineFolders } from './engines/engine.ts'
import { inputsOf } from './inputs/inputs.ts'
import { indexReader } from './inputs/package-state.ts'
import { findSources, type SourceOptions } from './packages/find-sources.ts'
import type { PackageSources } from './packages/sources.ts'
import { RecipeRefused } from './recipe.ts'

/** What stat counts blocks in, whatever those of the file system are. */
const sectorOfStat = 512

/** What building depends on, besides the request. */
export interface BuildDependencies {
  /** Engines by name. */
  readonly engines: ReadonlyMap<string, Engine>
  readonly artifacts: ArtifactStore
  /** Folder that builds share, kept over restarts. */
  readonly cacheFolder: string
  readonly packages: Omit<SourceOptions, 'log' | 'signal'>
}

/** What is to be built; where its packages come from is found for engines that install them. */
export interface Order extends Omit<BuildRequest, 'sources'> {
  /** What the image is made of is to be found out. */
  readonly wantsInputs: boolean
}

export interface BuiltImage {
  readonly disk: ArtifactRef
  readonly dataBytes: number
  readonly packages: ArtifactRef
  readonly description: ArtifactRef
  readonly log: ArtifactRef
  readonly inputs?: ImageInputs
  /** Left out where nothing on the disk tells. */
  readonly bootModes?: BootMode[]
}

/** Builds one image and stores its raw disk, its package list, how it was made and the log, or says what it waits for. */
export async function buildImage(
  order: Order,
  { engine, waited }: Turn,
  dependencies: BuildDependencies,
  context: Context,
): Promise<BuiltImage | { readonly wait: WaitFor }> {
  const { artifacts } = dependencies
  const { signal, progress } = context
  const sources = await sourcesFor(order, engine, dependencies, context)
  const engineContext = await engineContextOf(engine, waited, dependencies, context)
  const request = { ...order, sources }
  const { folders } = engineContext
  const plan = engine.plan(request, folders)
  const startedAt = context.now()
  const wait = await engine.run(plan, engineContext)
  if (wait) return { wait }
  const built = await engine.collect(plan, startedAt, signal)
  const inputs = order.wantsInputs ? await inputsIfKnown(request, engine, built.packages, dependencies, context) : null
  const description = formatDescription(built.description, { engine: engine.id, request, folders })
  progress({ phase: 'reading licences' })
  await addLicenses(built, { ...context, scratch: engineContext.folders.work })
  progress({ phase: 'storing the disk' })
  const bootModes = await readBootModes(built.disk)
  const { size, blocks } = await stat(built.disk)
  return {
    dataBytes: Math.min(size, blocks * sectorOfStat),
    ...(bootModes.length > 0 && { bootModes }),
    ...(inputs && { inputs }),
    disk: await keepFile(artifacts, built.disk, 'raw', signal),
    packages: await keepFile(artifacts, built.packages, 'json', signal),
    description: await artifacts.keepBytes(description, 'txt'),
    log: await keepLog(artifacts, logFileOf(context)),
  }
}

/** Ends what an engine has begun for a build outside of its folders. What it cannot plan it has not begun. */
export async function abandonBuild(
  order: Order,
  { engine, waited }: Turn,
  dependencies: BuildDependencies,
  context: Context,
): Promise<void> {
  if (!engine.abandon) return
  const engineContext = await engineContextOf(engine, waited, dependencies, context)
  const plan = planIfAny(engine, { ...order, sources: { kind: 'distribution', mirror: null } }, engineContext.folders)
  if (plan) await engine.abandon(plan, engineContext)
}

function planIfAny(engine: Engine, request: BuildRequest, folders: EngineFolders): BuildPlan | null {
  try {
    return engine.plan(request, folders)
  } catch (error) {
    if (error instanceof RecipeRefused || error instanceof PermanentError) return null
    throw error
  }
}

async function sourcesFor(
  { compose, image, recipe }: Omit<BuildRequest, 'sources'>,
  engine: Engine,
  { packages }: BuildDependencies,
  context: Context,
): Promise<PackageSources> {
  if (!engine.usesPackages) return { kind: 'distribution', mirror: null }
  return await findSources(compose, recipe, image.architecture, { ...packages, ...context })
}

/**
 * What an image that was just built was made of. Null when the repositories have changed meanwhile, or it cannot be told: an image is no
 * worse for it, and the next one is built.
 */
async function inputsIfKnown(
  request: BuildRequest,
  engine: Engine,
  packages: string,
  dependencies: BuildDependencies,
  context: Context,
): Promise<ImageInputs | null> {
  context.progress({ phase: 'noting what it is made of' })
  try {
    const now = await sourcesFor(request, engine, dependencies, context)
    if (!isDeepStrictEqual(now, request.sources)) throw new Error('the repositories changed while it was built')
    const asking = { fetch: dependencies.packages.fetch, signal: context.signal, indexes: indexReader() }
    return await inputsOf(request, engine, packages, asking)
  } catch (error) {
    context.signal.throwIfAborted()
    context.log.warn({ err: error }, 'later drops cannot be compared with this image')
    return null
  }
}

/** Each engine has folders of its own: what one leaves is not in the way of the next. */
async function engineContextOf(
  engine: Engine,
  waited: unknown,
  { cacheFolder }: BuildDependencies,
  context: Context,
): Promise<EngineContext> {
  const { signal, progress, log, now, workFolder } = context
  const folders = { work: join(workFolder, engine.id), cache: join(cacheFolder, engine.id) }
  await mkdir(folders.work, { recursive: true })
  await mkdir(folders.cache, { recursive: true })
  return { signal, progress, log, now, logFile: logFileOf(context), folders, waited }
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
