import type { DropCompared, DropComparisonRequested } from '#events/comparison.ts'
import { imageKey, type ImageInputs, type ImagePlan } from '#events/vocabulary.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import { isTransient } from '#service/failure.ts'
import type { Context } from '#service/define.ts'
import type { Engine } from '../engines/engine.ts'
import { findSources, type SourceOptions } from '../packages/find-sources.ts'
import { readRecipe } from '../read-recipe.ts'
import { inputsOf } from './inputs.ts'
import { indexReader } from './package-state.ts'

/** What comparing depends on, besides the request. */
export interface ComparisonDependencies {
  readonly engines: ReadonlyMap<string, Engine>
  readonly onlyEngine: string | null
  readonly recipes: readonly string[]
  readonly artifacts: Pick<ArtifactStore, 'open'>
  readonly packages: Omit<SourceOptions, 'log' | 'signal'>
}

/** How many tries a mirror or a store gets that is away: then the drop is built, which is never wrong. */
const patience = 3

/**
 * Says which images of a drop would be made of something else than in an earlier one, before anything is built. What cannot be
 * told counts as changed.
 */
export async function compareDrop(
  { drop, compose, images, since }: DropComparisonRequested,
  dependencies: ComparisonDependencies,
  context: Context,
): Promise<DropCompared> {
  const asking = { fetch: dependencies.packages.fetch, signal: context.signal, indexes: indexReader() }
  const changes: DropCompared['changes'] = []
  for (const image of images) {
    const earlier = since.images.find((one) => one.image === imageKey(image))
    const reason = earlier ? await reasonOf(image, earlier) : 'the earlier drop has no such image'
    if (reason !== null) changes.push({ image: imageKey(image), reason })
  }
  return { drop, since: since.drop, changes }

  async function reasonOf(image: ImagePlan, earlier: (typeof since.images)[number]): Promise<string | null> {
    try {
      const engine = await engineFor(image, dependencies)
      const recipe = await readRecipe(image.recipe, dependencies.recipes)
      const sources = await findSources(compose, recipe, image.architecture, { ...dependencies.packages, ...context })
      // Its packages are where the package manager would look for those of the new one.
      const packages = await dependencies.artifacts.open(earlier.packages, context.signal)
      return whatChanged(
        earlier.inputs,
        await inputsOf({ drop, compose, image, recipe, sources }, engine, packages, asking),
      )
    } catch (error) {
      context.signal.throwIfAborted()
      if (isTransient(error) && context.attempt < patience) throw error
      context.log.warn({ err: error, image: imageKey(image) }, 'it cannot be told whether anything has changed')
      return `whether anything has changed cannot be told: ${messageOf(error)}`
    }
  }
}

/** The first engine of the plan that is there: if another one builds it after all, that is a change as well. */
async function engineFor(
  { engines: plan }: ImagePlan,
  { engines, onlyEngine }: ComparisonDependencies,
): Promise<Engine> {
  for (const name of onlyEngine === null ? plan : [onlyEngine]) {
    const engine = engines.get(name)
    if (engine && (await engine.version()) !== null) return engine
  }
  throw new PermanentError('environment', `none of ${plan.join(', ')} is installed or set up on this machine`)
}

const words: Readonly<Record<string, string>> = {
  policy: 'the policy for the image',
  recipe: 'the recipe',
  engine: 'the engine',
  told: 'what the engine is told',
  packages: 'a package that is in it or could be',
}

function whatChanged(earlier: ImageInputs, now: ImageInputs): string | null {
  const names = [...new Set([...Object.keys(earlier), ...Object.keys(now)])]
  const changed = names.filter((name) => earlier[name] !== now[name]).map((name) => words[name] ?? name)
  return changed.length === 0 ? null : `${changed.join(', ')} ${changed.length === 1 ? 'has' : 'have'} changed`
}
