import type { TreeEntry } from '#image/tree.ts'

const setuidOrSetgid = 0o6000

/** Whether who runs a file gets rights by it: setuid, setgid, capabilities. */
export function isPrivileged({ type, mode, attributes }: TreeEntry): boolean {
  return type === 'file' && ((mode & setuidOrSetgid) !== 0 || attributes.has('security.capability'))
}
