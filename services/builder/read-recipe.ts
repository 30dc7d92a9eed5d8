import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { readAnswers } from './recipe-answers.ts'
import {
  answersKey,
  recipeDescription,
  RecipeRefused,
  type InstallerAnswers,
  type Recipe,
  type RecipePart,
} from './recipe.ts'

/** Where the recipes of this package are. */
export const recipesFolder = join(import.meta.dirname, 'recipes')

/**
 * Reads a recipe from folders of recipes, of which an earlier one goes before a later one. A later folder may hold
 * recipes of its own, and further flavours of a recipe that is described in an earlier one. Throws RecipeRefused when
 * there is no recipe of this name.
 */
export async function readRecipe(name: string, roots: readonly string[]): Promise<Recipe> {
  const known = await recipeNames(roots)
  if (!known.includes(name)) throw new RecipeRefused(`there is no recipe ${name}; there are ${known.join(', ')}`)
  const home = roots.find((root) => existsSync(join(root, name, 'recipe.yaml'))) ?? ''
  const found = recipeDescription.parse(parse(await readFile(join(home, name, 'recipe.yaml'), 'utf8')))

  const parts = new Map<string, RecipePart>()
  const read = new Map<string, string>()
  for (const root of roots.filter((one) => existsSync(join(one, name)))) {
    const familyRoot = [root, ...roots].find((one) => existsSync(join(one, found.family)))
    if (familyRoot === undefined) throw new Error(`no folder of recipes has the family ${found.family} of ${name}`)
    const family = join(familyRoot, found.family)
    read.set(join(root, name), root).set(family, familyRoot)
    for (const [part, files] of await partsIn(join(root, name))) {
      if (!parts.has(part)) parts.set(part, { folder: join(root, name, part), family: familyPart(family, part), files })
    }
  }
  const base = parts.get('base')
  if (base === undefined) throw new Error(`the recipe ${name} has no folder base`)
  parts.delete('base')
  const answers = new Map<string, InstallerAnswers>()
  for (const [flavour, part] of parts) {
    for (const architecture of found.architectures) {
      const said = await readAnswers(part, architecture, roots)
      if (said !== null) answers.set(answersKey(flavour, architecture), said)
    }
  }
  return { ...found, name, base, flavours: parts, answers, digest: await digestOf(read) }
}

/** The recipes that there are. */
export async function recipeNames(roots: readonly string[]): Promise<string[]> {
  const names = await Promise.all(roots.map((root) => foldersWith(root, 'recipe.yaml')))
  return [...new Set(names.flat())].toSorted()
}

/** What engines read of a part: mkosi's configuration, a kickstart, a preseed. */
const descriptions = /^(mkosi\.conf|kickstart(-[a-z0-9_]+)?\.ks|preseed\.cfg)$/

/** A part is a folder that is described to some engine. */
async function partsIn(folder: string): Promise<[name: string, files: ReadonlySet<string>][]> {
  const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const parts = await Promise.all(
    folders.map(async ({ name }): Promise<[string, ReadonlySet<string>]> => {
      const names = await readdir(join(folder, name))
      return [name, new Set(names.filter((one) => descriptions.test(one)))]
    }),
  )
  return parts.filter(([, files]) => files.size > 0)
}

/** What the family has to say to a part of this name, or to any flavour: how a disk is made. */
function familyPart(family: string, part: string): string {
  const own = join(family, part)
  return existsSync(own) ? own : join(family, 'image')
}

async function foldersWith(folder: string, file: string): Promise<string[]> {
  const names = await readdir(folder)
  return names.filter((name) => existsSync(join(folder, name, file)))
}

/** The same on every machine: paths count from the folder of recipes that they are in. */
async function digestOf(folders: ReadonlyMap<string, string>): Promise<string> {
  const hash = createHash('sha256')
  for (const [folder, root] of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const path of paths.toSorted()) {
      const content = await readFile(path)
      hash.update(`${relative(root, path)} ${String(content.length)}\n`).update(content)
    }
  }
  return hash.digest('hex')
}
