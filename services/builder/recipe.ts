import { z } from 'zod'
import { architecture, type Architecture } from '#events/vocabulary.ts'

/** What a recipe says of itself in its `recipe.yaml`. */
export const recipeDescription = z.strictObject({
  title: z.string().describe('For people: `Debian 12 (bookworm)`'),
  family: z.enum(['debian', 'fedora']).describe('Folder with what the releases of one distribution share'),
  release: z.string().describe('Name of the release as its package manager knows it'),
  architectures: z.array(architecture).min(1).describe('What this release can be built for'),
})

/** One folder of a recipe, and the folder of its family that is read before it. */
export interface RecipePart {
  readonly folder: string
  readonly family: string
}

/** What is in an image, by the name of its folder. */
export interface Recipe extends z.infer<typeof recipeDescription> {
  readonly name: string
  /** What all flavours have. */
  readonly base: RecipePart
  /** What each flavour adds, by its name. */
  readonly flavours: ReadonlyMap<string, RecipePart>
  /** SHA-256 over every file that the recipe is made of: with it changes what is built. */
  readonly digest: string
}

/** There is no such recipe, or it is not made for this architecture or flavour. */
export class RecipeRefused extends Error {
  override name = 'RecipeRefused'
  readonly code = 'RECIPE_REFUSED'
}

/** Refuses an architecture that a recipe is not made for, naming those that it is made for. */
export function assertArchitecture(recipe: Recipe, wanted: Architecture): void {
  if (recipe.architectures.includes(wanted)) return
  throw new RecipeRefused(
    `the recipe ${recipe.name} is not made for ${wanted}; it is made for ${recipe.architectures.join(', ')}`,
  )
}

/** Refuses a flavour that a recipe has no folder for, naming those that it has. */
export function assertFlavour(recipe: Recipe, wanted: string): void {
  flavourOf(recipe, wanted)
}

/** The folders of a flavour. Throws RecipeRefused when the recipe has none of this name. */
export function flavourOf(recipe: Recipe, wanted: string): RecipePart {
  const part = recipe.flavours.get(wanted)
  if (part !== undefined) return part
  const there = [...recipe.flavours.keys()].toSorted().join(', ')
  throw new RecipeRefused(`the recipe ${recipe.name} has no flavour ${wanted}; it has ${there}`)
}
