import { createHash } from 'node:crypto'
import { ApiError } from '../api-error.ts'
import { findRegion } from '../regions.ts'
import type { Place } from '../world.ts'

const deepest = 15
/** Of the whole ARN (SSM API, PutParameter: Name). */
const longest = 1011

/** The name of a parameter that is to be made, by the rules for names (SSM API, PutParameter: Name). */
export function parseName(given: string, place: Place): string {
  const name = given.trim()
  const refuse = (what: string) => new ApiError(400, 'ValidationException', `Parameter name: ${what}`)
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name))
    throw refuse(`letters, digits and _.-/ make a name, got ${JSON.stringify(name)}`)
  // What the documents leave open; moto has it from AWS's own answers.
  if (/^\/aws[^/]*\//i.test(name))
    throw new ApiError(400, 'AccessDeniedException', `No access to reserved parameter name: ${name}.`)
  if (/^\/?(aws|ssm)/i.test(name)) throw refuse('can\'t be prefixed with "aws" or "ssm" (case-insensitive)')
  if (name.includes('/') && !name.startsWith('/')) throw refuse('must be a fully qualified name')
  if (/\/(\/|$)/.test(name)) throw refuse('a level of a hierarchy has a name')
  if (arnOf(name, place).length > longest) throw refuse(`at most ${String(longest)} characters with its ARN`)
  if (name.split('/').length - 1 > deepest)
    throw new ApiError(
      400,
      'HierarchyLevelLimitExceededException',
      `A hierarchy has at most ${String(deepest)} levels: ${name}`,
    )
  return name
}

export function arnOf(name: string, { region, owner }: Place): string {
  const partition = findRegion(region, 'all')?.partition.id ?? 'aws'
  return `arn:${partition}:ssm:${region}:${owner}:parameter/${name.replace(/^\//, '')}`
}

/** What its record is kept under: names have slashes. */
export function recordId(name: string, { region, owner }: Place): string {
  return createHash('sha256').update([owner, region, name].join('\n')).digest('hex')
}
