import type { Facts } from '../description.ts'

/** The packages of an image, by `name:architecture`, and which files came with them. */
export interface Packages {
  readonly facts: Facts
  readonly packageOf: (path: string) => string | null
  /** Files that say nothing beyond that. */
  readonly told: (path: string) => boolean
}

export interface PackageReading {
  /** A folder for copies of databases. */
  readonly scratch: string
  readonly signal?: AbortSignal
}
