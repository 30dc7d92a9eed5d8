import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { parse } from 'yaml'
import { architecture, type Architecture } from '#events/vocabulary.ts'

/** Where the recipes of this package are. */
export const recipesFolder = join(import.meta.dirname, 'recipes')

const description = z.strictObject({
  title: z.string().describe('For people: `Debian 12 (bookworm)`'),
  family: z.enum(['debian', 'fedora']).describe('Folder with what the releases of one distribution share'),
  release: z.string().describe('Name of the release as its package manager knows it'),
  architectures: z.array(architecture).min(1).describe('What this release can be built for'),
})

/** What is in an image, by the name of its folder. */
export interface Recipe extends z.infer<typeof description> {
  readonly name: string
  readonly folder: string
  /** SHA-256 over every file that the recipe is made of: with it changes what is built. */
  readonly digest: string
}

/** There is no such recipe, or it is not made for this architecture. */
export class RecipeRefused extends Error {
  override name = 'RecipeRefused'
  readonly code = 'RECIPE_REFUSED'
}

/** Reads a recipe. Throws RecipeRefused when there is none of this name. */
export async function readRecipe(name: string, root = recipesFolder): Promise<Recipe> {
  const known = await recipeNames(root)
  if (!known.includes(name)) throw new RecipeRefused(`there is no recipe ${name}; there are ${known.join(', ')}`)
  const folder = join(root, name)
  const found = description.parse(parse(await readFile(join(folder, 'recipe.yaml'), 'utf8')))
  return { ...found, name, folder, digest: await digestOf([folder, join(root, found.family)], root) }
}

/** The recipes that there are. */
export async function recipeNames(root = recipesFolder): Promise<string[]> {
  const files = await readdir(root, { recursive: true })
  return files.flatMap((file) => /^([^/]+)\/recipe\.yaml$/.exec(file)?.[1] ?? []).toSorted()
}

/** Refuses an architecture that a recipe is not made for, naming those that it is made for. */
export function assertArchitecture(recipe: Recipe, wanted: Architecture): void {
  if (recipe.architectures.includes(wanted)) return
  throw new RecipeRefused(
    `the recipe ${recipe.name} is not made for ${wanted}; it is made for ${recipe.architectures.join(', ')}`,
  )
}

async function digestOf(folders: readonly string[], root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const path of paths.toSorted()) {
      const content = await readFile(path)
      hash.update(`${relative(root, path)} ${String(content.length)}\n`).update(content)
    }
  }
  return hash.digest('hex')
}
