/** A copy of a drop somewhere: where its files are read from, by paths below it. An implementer never leaves it. */
export interface Source {
  /** For people. */
  readonly where: string
  /** The whole file; null when there is none. Throws Unreadable when it is larger than the limit, or elsewhere. */
  read(path: string, limit: number): Promise<Buffer | null>
  /** Reads a file through, no further than one byte beyond the limit; null when there is none. */
  measure(path: string, limit: number): Promise<Measured | null>
  /** The same one level up; null at the top. */
  readonly parent: () => Source | null
  /** Every file below; null where that cannot be asked. */
  list(): Promise<string[] | null>
}

export interface Measured {
  readonly size: number
  readonly sha256: string
}

/** A file is not to be read: it is too large, it leads elsewhere, its server does not give it. */
export class Unreadable extends Error {
  override name = 'Unreadable'
  readonly code = 'UNREADABLE'
}

/** Whether a path stays below a drop and can be shown: plain names with slashes between, no way up. */
export function isPlainPath(path: string): boolean {
  return path.length <= 1024 && path.split('/').every((name) => /^[A-Za-z0-9][A-Za-z0-9._+~@=:,-]*$/.test(name))
}
