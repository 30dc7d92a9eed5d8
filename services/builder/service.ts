import { say } from '#events/define.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageRequested } from '#events/image-requested.ts'
import { defineService } from '#service/define.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { buildImage, keepLog, logFileOf, type BuildDependencies } from './build-image.ts'
import type { SourceOptions } from './packages/find-sources.ts'
import { findSources } from './packages/find-sources.ts'
import { assertArchitecture, readRecipe, RecipeRefused } from './recipe.ts'

/** What the builder is given. */
export interface BuilderDependencies extends BuildDependencies {
  readonly packages: Omit<SourceOptions, 'log' | 'signal'>
}

/** Builds one image with its recipe, from the packages of its compose, and stores the raw disk. */
export const builder = defineService({
  name: 'builder',
  consumes: [imageRequested],
  emits: [imageBuilt, imageFailed],

  async handle({ body }, dependencies: BuilderDependencies, context) {
    const { compose, image } = body
    const { engine, artifacts, packages } = dependencies
    const start = context.now().getTime()
    try {
      const recipe = await readRecipe(image.recipe)
      assertArchitecture(recipe, image.architecture)
      const sources = engine.usesPackages
        ? await findSources(compose, recipe, image.architecture, { ...packages, ...context })
        : ({ kind: 'distribution', mirror: null } as const)
      const built = await buildImage({ compose, image, recipe, sources }, dependencies, context)
      const { version } = await engine.probe()
      const seconds = Math.max(0, context.now().getTime() - start) / 1000
      return [
        say(imageBuilt, { ...body, ...built, engine: { name: engine.id, version: version ?? 'unknown' }, seconds }),
      ]
    } catch (error) {
      context.signal.throwIfAborted()
      const reason = engine.explain(error)
      const kind = error instanceof RecipeRefused ? 'refused' : engine.classify(error)
      if (kind === 'transient') throw new TransientError(reason, { cause: error })
      if (kind !== 'recipe' && kind !== 'refused') throw new PermanentError(kind, reason, { cause: error })
      const log = kind === 'recipe' ? await keepLog(artifacts, logFileOf(context)) : null
      return [say(imageFailed, { ...body, failure: { step: 'builder', class: kind, reason, log } })]
    }
  },
})
