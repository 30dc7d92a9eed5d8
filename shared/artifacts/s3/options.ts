import type { Logger } from 'pino'

/** Where artifacts are kept on S3, and where this host keeps its copies. Sizes are in bytes, times in milliseconds. */
export interface S3Options {
  readonly bucket: string
  /** Goes before every key, without slashes at its ends. */
  readonly prefix?: string
  readonly region?: string
  /** Of a server that is not Amazon's: `https://s3.example.org`. */
  readonly endpoint?: string
  /** The bucket in the path instead of the host name; servers other than Amazon's mostly want it. */
  readonly forcePathStyle?: boolean
  /** Without them the SDK looks where it always does: variables, profile, the role of the machine or the pod. */
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  /**
   * Drafts and copies, on a disk of this host. Processes may share it if they see each other's process ids: containers
   * mostly do not, and need one each.
   */
  readonly cacheFolder: string
  /** Copies beyond this are removed, those that were used longest ago first. Default: 50 GiB. */
  readonly cacheBytes?: number
  /** A copy is not removed for this time after it was opened, nor while it has a second name. Default: 2 hours. */
  readonly holdFor?: number
  /** Files beyond this are uploaded in parts of this size, at least 5 MiB. Default: 16 MiB. */
  readonly partBytes?: number
  /** Parts of one file that are under way at once, each in a buffer of its size. Default: 4. */
  readonly concurrency?: number
  /**
   * `supported`: the server checks and remembers a SHA-256 of each part, as Amazon's does. `required`: nothing beyond
   * what every server knows; then a signed SHA-256 guards each part on its way.
   */
  readonly checksums: 'required' | 'supported'
  /** Tries of one request before the store counts as unavailable. Default: 5. */
  readonly attempts?: number
  /** How long a connection may stay silent. Default: 60 s. */
  readonly idleDeadline?: number
  readonly now?: () => Date
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** The options with everything that has a default. */
export type S3Settings = S3Options & Required<typeof defaults>

const MiB = 1024 * 1024
const defaults = {
  prefix: '',
  cacheBytes: 50 * 1024 * MiB,
  holdFor: 7_200_000,
  partBytes: 16 * MiB,
  concurrency: 4,
  attempts: 5,
  idleDeadline: 60_000,
  now: () => new Date(),
}

/** Fills in the defaults. Throws RangeError naming the option that S3 would refuse. */
export function settingsOf(options: S3Options): S3Settings {
  const settings = { ...defaults, ...options }
  if (settings.partBytes < 5 * MiB) {
    throw new RangeError(`partBytes: S3 takes no parts of less than 5 MiB, got ${String(settings.partBytes)}`)
  }
  if (/^\/|\/$|\/\//.test(settings.prefix)) {
    throw new RangeError(`prefix: expected a path without slashes at its ends, got ${JSON.stringify(settings.prefix)}`)
  }
  return settings
}
