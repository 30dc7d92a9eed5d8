import { createHash } from 'node:crypto'
import type { VersionName, VersionOrder } from '../cloud.ts'

/** What change sets of ours are for. */
export type Purpose = 'validate' | 'add' | 'restrict'

/** What has to be known of a version to name them. */
interface Named {
  readonly validate: VersionOrder
  readonly add: VersionName
  readonly restrict: VersionName
}

/** Longest name of a change set; a token has at most 64 letters. */
const longestName = 100

/**
 * The name of a version's change sets for a purpose, by which they are listed again: people see drop and image in it, the
 * digest before them tells versions apart. A validation is of certain details; what is added is one version whatever they are.
 */
export function changeSetName<Wanted extends Purpose>(purpose: Wanted, version: Named[Wanted]): string
export function changeSetName(purpose: Purpose, version: VersionName & { readonly details?: object }): string {
  const { drop, image, product, ami, title, details } = version
  const seed = [purpose, drop, image, product, ami, title, ...(purpose === 'validate' ? [details] : [])]
  // The letters that AWS takes in a name.
  const readable = `imagedrop ${purpose} ${digestOf(seed).slice(0, 16)} ${image} ${drop}`
  return readable.replaceAll(/[^\w\s+=.:@-]/g, '-').slice(0, longestName)
}

/**
 * The `ClientRequestToken` of the next change set of a name: the same for everybody who has seen the same ones. An answer that was
 * lost, and two processes at once, get one change set; after one that failed there can be another.
 */
export function requestToken(name: string, change: object, earlier: number): string {
  return digestOf([name, change, earlier])
}

function digestOf(seed: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(seed)).digest('hex')
}
