import { readFile, realpath } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Architecture } from '#events/vocabulary.ts'
import { RecipeRefused, type InstallerAnswers, type RecipePart } from './recipe.ts'

/** Reads what a flavour answers the installer of one architecture; null when it says nothing to an installer. */
export async function readAnswers(
  { folder, files }: RecipePart,
  architecture: Architecture,
  roots: readonly string[],
): Promise<InstallerAnswers | null> {
  const kickstart = `kickstart-${architecture}.ks`
  if (files.has(kickstart)) return { kind: 'kickstart', text: await flatten(join(folder, kickstart), roots) }
  if (files.has('preseed.cfg')) return { kind: 'preseed', text: await readFile(join(folder, 'preseed.cfg'), 'utf8') }
  return null
}

/**
 * Reads a kickstart with everything that it includes put in its place, for most installers take a single file. Only
 * files of the recipes are included: nothing else of this machine belongs into an image, or to a remote builder.
 */
async function flatten(path: string, roots: readonly string[], from: readonly string[] = []): Promise<string> {
  const told = [...from, path].map((one) => nameOf(one, roots)).join(', which includes ')
  if (from.includes(path)) throw new RecipeRefused(`a kickstart includes itself: ${told}`)
  const real = await realpath(path).catch((error: unknown) => {
    throw new RecipeRefused(`there is no kickstart ${told}`, { cause: error })
  })
  const allowed = await Promise.all(roots.map((root) => realpath(root)))
  if (!allowed.some((root) => isBelow(real, root))) {
    throw new RecipeRefused(`${told} lies outside of the recipes`)
  }
  const lines: string[] = []
  for (const line of (await readFile(real, 'utf8')).split('\n')) {
    const included = /^%(?:include|ksappend)\s+(\S+)\s*$/.exec(line)?.[1]
    lines.push(included === undefined ? line : await flatten(join(dirname(path), included), roots, [...from, path]))
  }
  return lines.join('\n')
}

function nameOf(path: string, roots: readonly string[]): string {
  return relative(roots.find((root) => isBelow(path, root)) ?? '/', path)
}

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path)
  return !way.startsWith('..') && !way.startsWith('/')
}
