import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { RecipeRefused } from '../../../recipe.ts'

/** Includes within includes; more is a circle. */
const deepest = 16

/**
 * Reads a kickstart with everything that it includes put in its place: Oz takes a single file. Only files of the
 * recipes are included, so that nothing of the host goes to a builder.
 */
export function flattenKickstart(path: string, root: string): string {
  const text = flatten(path, { root: realpathSync(root), from: [] })
  assertUnattended(text, path)
  return text
}

interface Place {
  readonly root: string
  /** The files that include this one. */
  readonly from: readonly string[]
}

function flatten(path: string, { root, from }: Place): string {
  const told = [...from, path].map((one) => relative(root, one)).join(', which includes ')
  if (from.length >= deepest || from.includes(path)) throw new RecipeRefused(`a kickstart includes itself: ${told}`)
  const real = realOf(path, told)
  if (relative(root, real).startsWith('..')) throw new RecipeRefused(`${told} lies outside of the recipes`)
  const lines = readFileSync(real, 'utf8').replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n')
  const flat: string[] = []
  for (const line of lines) {
    const included = /^\s*%(?:include|ksappend)\s+(\S+)\s*$/.exec(line)?.[1]
    if (included === undefined) flat.push(line)
    else flat.push(...include(included, real, { root, from: [...from, path] }))
  }
  return `${flat.join('\n')}\n`
}

function realOf(path: string, told: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw new RecipeRefused(`there is no kickstart ${told}`, { cause: error })
  }
}

function include(included: string, from: string, place: Place): string[] {
  if (/^[a-z]+:|^\//.test(included)) {
    throw new RecipeRefused(`${relative(place.root, from)} includes ${included}, which is no file beside it`)
  }
  const text = flatten(resolve(join(dirname(from), included)), place)
  return text.replace(/\n$/, '').split('\n')
}

/** What an installation in which nobody answers questions needs; without it Oz waits until its time is up. */
function assertUnattended(text: string, path: string): void {
  const commands = text.replaceAll(/^%(pre|post|packages|addon|pre-install|onerror|traceback)\b[\s\S]*?^%end$/gm, '')
  const lacking = [
    [/^\s*(reboot|poweroff|shutdown|halt)\b/m, 'reboot, poweroff, shutdown or halt'],
    [/^\s*(rootpw|user)\b/m, 'rootpw or user'],
    [/^\s*(clearpart|ignoredisk)\b/m, 'clearpart'],
    [/^\s*(part|partition|autopart|reqpart|logvol)\b/m, 'part or autopart'],
  ] as const
  const missing = lacking.filter(([pattern]) => !pattern.test(commands)).map(([, what]) => what)
  if (missing.length === 0) return
  throw new RecipeRefused(`the kickstart ${path.split('/').slice(-2).join('/')} lacks ${missing.join(', and ')}`)
}
