import { say } from '#events/define.ts'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageRequested, type ImageRequested } from '#events/image-requested.ts'
import type { Failure } from '#events/vocabulary.ts'
import { defineService, type Context } from '#service/define.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { buildImage, keepLog, logFileOf, type BuildDependencies } from './build-image.ts'
import type { BuildRequest } from './engines/engine.ts'
import { findSources, type SourceOptions } from './packages/find-sources.ts'
import type { PackageSources } from './packages/sources.ts'
import { readRecipe } from './read-recipe.ts'
import { assertArchitecture, assertFlavour, RecipeRefused } from './recipe.ts'

/** What the builder is given. */
export interface BuilderDependencies extends BuildDependencies {
  /** Folders of recipes; an earlier one goes before a later one. */
  readonly recipes: readonly string[]
  readonly packages: Omit<SourceOptions, 'log' | 'signal'>
}

/** Builds one image with its recipe, from the packages of its compose, and stores the raw disk. */
export const builder = defineService({
  name: 'builder',
  consumes: [imageRequested],
  emits: [imageBuilt, imageFailed],

  async handle({ body }, dependencies: BuilderDependencies, context) {
    try {
      return [say(imageBuilt, { ...body, ...(await build(body, dependencies, context)) })]
    } catch (error) {
      return [say(imageFailed, { ...body, failure: await failureOf(error, dependencies, context) })]
    }
  },
})

async function build(
  { compose, image }: ImageRequested,
  dependencies: BuilderDependencies,
  context: Context,
): Promise<Omit<ImageBuilt, keyof ImageRequested>> {
  const { engine } = dependencies
  const start = context.now().getTime()
  const recipe = await readRecipe(image.recipe, dependencies.recipes)
  assertArchitecture(recipe, image.architecture)
  assertFlavour(recipe, image.flavour)
  const sources = await sourcesFor({ compose, image, recipe }, dependencies, context)
  const built = await buildImage({ compose, image, recipe, sources }, dependencies, context)
  const version = (await engine.version()) ?? 'unknown'
  const seconds = Math.max(0, context.now().getTime() - start) / 1000
  return { ...built, engine: { name: engine.id, version }, seconds }
}

async function sourcesFor(
  { compose, image, recipe }: Omit<BuildRequest, 'sources'>,
  { engine, packages }: BuilderDependencies,
  context: Context,
): Promise<PackageSources> {
  if (!engine.usesPackages) return { kind: 'distribution', mirror: null }
  return await findSources(compose, recipe, image.architecture, { ...packages, ...context })
}

/** What the others are told of an image that cannot be built; throws what is no fault of the image. */
async function failureOf(error: unknown, dependencies: BuilderDependencies, context: Context): Promise<Failure> {
  context.signal.throwIfAborted()
  const { engine, artifacts } = dependencies
  const reason = engine.explain(error)
  const kind = error instanceof RecipeRefused ? 'refused' : engine.classify(error)
  if (kind === 'transient') throw new TransientError(reason, { cause: error })
  if (kind !== 'recipe' && kind !== 'refused') throw new PermanentError(kind, reason, { cause: error })
  const log = kind === 'recipe' ? await keepLog(artifacts, logFileOf(context)) : null
  return { step: 'builder', class: kind, reason, log }
}
