import { PermanentError } from '#service/errors.ts'

/** Where a cloud finds a file of the mirror. CloudStack fetches from ports 80, 8080 and 443 only, and says so. */
export function mirrorAddress(root: string | null, path: string): string {
  if (root !== null) return new URL(path, root.endsWith('/') ? root : `${root}/`).href
  throw new PermanentError(
    'environment',
    'IMAGEDROP_CLOUDSTACK_PUBLISHER_MIRROR_URL is not set: clouds fetch from the open mirror',
  )
}
