import { dropCompared, dropComparisonRequested } from '#events/comparison.ts'
import { say } from '#events/define.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageRequested, type ImageRequested } from '#events/image-requested.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import type { Failure } from '#events/vocabulary.ts'
import { defineService, type Context, type Waited } from '#service/define.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { abandonBuild, buildImage, keepLog, logFileOf, type BuildDependencies, type Order } from './build-image.ts'
import { EngineFailed, tryEngines, turnOf, type Turn } from './contingency.ts'
import { keyOfChange } from './engines/koji/wake.ts'
import { leastOf } from './engines/needs.ts'
import { compareDrop } from './inputs/compare.ts'
import { readRecipe } from './read-recipe.ts'
import { assertArchitecture, assertFlavour, RecipeRefused } from './recipe.ts'

/** What the builder is given. */
export interface BuilderDependencies extends BuildDependencies {
  /** Folders of recipes; an earlier one goes before a later one. */
  readonly recipes: readonly string[]
  /** This engine alone, whatever plans name; null for what they name. */
  readonly onlyEngine: string | null
}

type BuilderContext = Context & { readonly waited?: Waited }

/**
 * Builds one image with its recipe, from the packages of its compose, by the first engine that can; stores the raw disk. Says before,
 * where the policy wants to know, whether the images of a drop would be made of something else than those of an earlier one.
 */
export const builder = defineService({
  name: 'builder',
  consumes: [dropComparisonRequested, imageRequested],
  emits: [dropCompared, imageBuilt, imageFailed, dropFailed],
  wakes: [{ event: kojiTaskChanged, keyOf: keyOfChange }],

  // The flavours of one share a base tree, which the first of them makes and the others wait for.
  basisOf: ({ subject, body }) => (subject === 'image.requested.v1' ? body.image.architecture : null),

  needs({ subject, body }, { engines, onlyEngine }: BuilderDependencies) {
    // What repositories say of their packages is read whole.
    if (subject === 'drop.comparison.requested.v1') return { cores: 0.5, memoryMib: 512 }
    const { image } = body
    const names = onlyEngine === null ? image.engines : [onlyEngine]
    return leastOf(names.flatMap((name) => engines.get(name) ?? []).map((engine) => engine.needs(image)))
  },

  async handle({ subject, body }, dependencies: BuilderDependencies, context) {
    if (subject === 'drop.comparison.requested.v1') {
      return [say(dropCompared, await compareDrop(body, dependencies, context))]
    }
    const { drop, compose, image } = body
    try {
      const built = await build(body, dependencies, context)
      return 'wait' in built ? { events: [], wait: built.wait } : [say(imageBuilt, { drop, compose, image, ...built })]
    } catch (error) {
      return [say(imageFailed, { drop, compose, image, failure: await failureOf(error, dependencies, context) })]
    }
  },

  async abandon({ subject, body }, dependencies: BuilderDependencies, context) {
    if (subject === 'drop.comparison.requested.v1') return
    const { drop, compose, image } = body
    const recipe = await readRecipe(image.recipe, dependencies.recipes)
    for (const turn of turnOf(context.waited?.state, dependencies.engines)) {
      await abandonBuild({ drop, compose, image, recipe, wantsInputs: false }, turn, dependencies, context)
    }
  },
})

async function build(
  { drop, compose, image, wantsInputs = false }: ImageRequested,
  dependencies: BuilderDependencies,
  context: BuilderContext,
) {
  const { recipes, engines, onlyEngine } = dependencies
  const recipe = await readRecipe(image.recipe, recipes)
  assertArchitecture(recipe, image.architecture)
  assertFlavour(recipe, image.flavour)
  const order = { drop, compose, image, recipe, wantsInputs }
  const start = context.waited?.since ?? context.now()
  const outcome = await tryEngines({
    engines,
    plan: onlyEngine === null ? image.engines : [onlyEngine],
    waited: context.waited?.state,
    build: (turn) => buildImage(order, turn, dependencies, context),
    abandon: (turn) => handOver(order, turn, dependencies, context),
  })
  if ('wait' in outcome) return outcome
  const { result, engine, earlier } = outcome
  const version = (await engine.version()) ?? 'unknown'
  const seconds = Math.max(0, context.now().getTime() - start.getTime()) / 1000
  return { ...result, engine: { name: engine.id, version, earlier: [...earlier] }, recipe: recipe.digest, seconds }
}

/** Ends what an engine has begun before the next one tries, who need not wait for it: a hub that is away cancels nothing. */
async function handOver(order: Order, turn: Turn, dependencies: BuilderDependencies, context: BuilderContext) {
  try {
    await abandonBuild(order, turn, dependencies, context)
  } catch (error) {
    context.signal.throwIfAborted()
    context.log.warn({ engine: turn.engine.id, err: error }, 'what the engine had begun was not ended')
  }
}

/** What the others are told of an image that cannot be built; throws what is no fault of the image. */
async function failureOf(error: unknown, { artifacts }: BuilderDependencies, context: Context): Promise<Failure> {
  context.signal.throwIfAborted()
  if (error instanceof RecipeRefused) return { step: 'builder', class: 'refused', reason: error.message, log: null }
  if (!(error instanceof EngineFailed)) throw error
  const { failureClass, message: reason } = error
  if (failureClass === 'transient') throw new TransientError(reason, { cause: error })
  if (failureClass !== 'recipe' && failureClass !== 'refused') {
    throw new PermanentError(failureClass, reason, { cause: error })
  }
  const log = failureClass === 'recipe' ? await keepLog(artifacts, logFileOf(context)) : null
  return { step: 'builder', class: failureClass, reason, log }
}
