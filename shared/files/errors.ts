/** Whether a file operation failed for one of these reasons: `ENOENT`, `EEXIST`, … */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** There is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT')
}

/** What lies in a folder that is not there: `readdir(folder).catch(nothingIfMissing)`. Throws any other error. */
export function nothingIfMissing(error: unknown): [] {
  if (!isMissing(error)) throw error
  return []
}

/** The disk, or what this account may use of it, is full. */
export function isDiskFull(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT')
}
