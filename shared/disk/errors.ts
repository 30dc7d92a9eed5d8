/** A disk, or what is on it, cannot be read. The message names the place and what was found there. */
export class DiskUnreadable extends Error {
  override name = 'DiskUnreadable'
  readonly code = 'DISK_UNREADABLE'
}
