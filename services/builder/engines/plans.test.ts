import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Architecture } from '#events/vocabulary.ts'
import { formatDescription } from '../describe-build.ts'
import { readRecipe, recipeNames, recipesFolder } from '../read-recipe.ts'
import type { Recipe } from '../recipe.ts'
import { requestFor } from './engine.contract.ts'
import type { BuildPlan, BuildRequest, Engine } from './engine.ts'
import { findEngines } from './find-engines.ts'

const folders = { work: '/work', cache: '/cache' }
const engines = await findEngines([import.meta.dirname], { env: {}, deadline: 3_600_000, idleDeadline: 900_000 })
const names = await recipeNames([recipesFolder])
const recipes = await Promise.all(names.map((name) => readRecipe(name, [recipesFolder])))

/**
 * A plan that changes unasked is an image that changes unasked. Each engine has the digests of its plans, or why there is none, for
 * every image of every recipe; whoever means a change has them written anew by `npx vitest run --update`.
 */
it.each([...engines])('%s plans every image of every recipe as it did', async (name, engine) => {
  const lines = await Promise.all(recipes.map((recipe) => linesOf(engine, recipe)))
  const golden = join(import.meta.dirname, name, 'testing', 'plans.txt')
  await expect(`${lines.flat().join('\n')}\n`).toMatchFileSnapshot(golden)
})

async function linesOf(engine: Engine, recipe: Recipe): Promise<string[]> {
  const images = recipe.architectures.flatMap((architecture) =>
    [...recipe.flavours.keys()].toSorted().map((flavour) => ({ architecture, flavour })),
  )
  return await Promise.all(
    images.map(async (image) => {
      const request = await requestOf(recipe, image)
      return `${outcomeOf(engine, request)}  ${recipe.name}/${image.flavour}.${image.architecture}`
    }),
  )
}

async function requestOf(
  recipe: Recipe,
  image: { readonly architecture: Architecture; readonly flavour: string },
): Promise<BuildRequest> {
  const request = await requestFor(image)
  const version = recipe.name.replace(/^\w+-/, '').replace('rawhide', 'Rawhide')
  const short = recipe.family === 'debian' ? 'Debian' : 'Fedora'
  const id = `${short}-${version}-20260101.0`
  const location = `https://compose.example.org/${id}`
  return {
    ...request,
    drop: `weekly-${id}`,
    compose: { ...request.compose, id, short, version, location },
    image: { ...request.image, recipe: recipe.name },
    // What else is in the recipe is no part of a plan, and may change.
    recipe: { ...recipe, digest: 'digest' },
    sources:
      recipe.family === 'debian'
        ? { kind: 'apt', suites: [{ url: location, suite: recipe.release, optional: false }] }
        : { kind: 'dnf', repositories: [`${location}/Everything/${image.architecture}/os`] },
  }
}

/** The digest of a plan, with the places of this host renamed; the kind of error where there is none. */
function outcomeOf(engine: Engine, request: BuildRequest): string {
  try {
    const plan = engine.plan(request, folders)
    if ('refused' in plan) return 'refused'.padEnd(64)
    const text = JSON.stringify(readable(plan), null, 1)
    const told = formatDescription([{ name: 'plan', text }], { engine: engine.id, request, folders })
    return createHash('sha256').update(told).digest('hex')
  } catch (error) {
    return (error instanceof Error ? error.name : String(error)).padEnd(64)
  }
}

function readable(plan: BuildPlan): unknown {
  return {
    ...plan,
    files: plan.files.map((file) => ({ ...file, content: Buffer.from(file.content).toString('latin1') })),
  }
}
