import { z } from 'zod'
import { architecture, type Architecture } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'

/** What a recipe says of itself in its `recipe.yaml`. */
export const recipeDescription = z.strictObject({
  title: z.string().describe('For people: `Debian 12 (bookworm)`'),
  family: z.enum(['debian', 'fedora']).describe('Folder with what the releases of one distribution share'),
  release: z.string().describe('Name of the release as its package manager knows it'),
  architectures: z.array(architecture).min(1).describe('What this release can be built for'),
  kickstart: z
    .string()
    .regex(/^(F\d+|RHEL\d+)$/)
    .optional()
    .describe('Version of the language that its kickstarts are written in: `F19`'),
})

/** One folder of a recipe, and the folder of its family that is read before it. */
export interface RecipePart {
  readonly folder: string
  readonly family: string
  /** Names of the files that describe it, each to the engines that read it: `mkosi.conf`. */
  readonly files: ReadonlySet<string>
}

/** What the distribution's own installer asks, answered: a kickstart or a preseed, with all that it includes. */
export interface InstallerAnswers {
  readonly kind: 'kickstart' | 'preseed'
  readonly text: string
}

/** What is in an image, by the name of its folder. */
export interface Recipe extends z.infer<typeof recipeDescription> {
  readonly name: string
  /** What all flavours have. */
  readonly base: RecipePart
  /** What each flavour adds, by its name. */
  readonly flavours: ReadonlyMap<string, RecipePart>
  /** For engines that run the distribution's installer, by `answersKey`. */
  readonly answers: ReadonlyMap<string, InstallerAnswers>
  /** SHA-256 over every file that the recipe is made of: with it changes what is built. */
  readonly digest: string
}

/** There is no such recipe, or it is not made for this architecture or flavour. */
export class RecipeRefused extends Error {
  override name = 'RecipeRefused'
  readonly code = 'RECIPE_REFUSED'
}

/** A recipe is not described in what one engine reads. Another engine may read another description, so it is tried. */
export class NotDescribed extends PermanentError {
  override name = 'NotDescribed'

  constructor(recipe: Pick<Recipe, 'name'>, part: string, wanted: string) {
    super('environment', `the recipe ${recipe.name} has no ${wanted} for ${part}`)
  }
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

/** Throws NotDescribed unless the base and a flavour of a recipe have a file. */
export function assertDescribed(recipe: Recipe, flavour: string, file: string): void {
  if (!recipe.base.files.has(file)) throw new NotDescribed(recipe, 'its base', file)
  if (!flavourOf(recipe, flavour).files.has(file)) throw new NotDescribed(recipe, flavour, file)
}

/** Under what a recipe keeps the answers for an image. */
export function answersKey(flavour: string, wanted: Architecture): string {
  return `${flavour} ${wanted}`
}

/** The answers for an image. Throws NotDescribed when there are none, or none of this kind. */
export function answersOf(
  recipe: Recipe,
  { flavour, architecture: wanted }: { readonly flavour: string; readonly architecture: Architecture },
  kinds: readonly InstallerAnswers['kind'][],
): InstallerAnswers {
  const answers = recipe.answers.get(answersKey(flavour, wanted))
  if (answers !== undefined && kinds.includes(answers.kind)) return answers
  throw new NotDescribed(recipe, `${flavour} on ${wanted}`, kinds.join(' and no '))
}
