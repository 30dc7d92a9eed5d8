import { PermanentError } from '#service/errors.ts'

/** Where a cloud finds a file of the open mirror; `setting` names the one that says where its root is. */
export function mirrorAddress(root: string | null, path: string, setting: string): string {
  if (root !== null) return new URL(path, root.endsWith('/') ? root : `${root}/`).href
  throw new PermanentError('environment', `${setting} is not set: clouds fetch from the open mirror`)
}
