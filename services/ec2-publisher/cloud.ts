import type { Progress } from '#bus/bus.ts'
import type { AuditReport, ClaimedDrop } from '#service/audit.ts'
import type { Architecture, MissingPlace, Registration } from '#events/vocabulary.ts'

/** By which firmware an image was started in its boot test, and passed. */
export interface TestedFirmware {
  readonly bios: boolean
  readonly uefi: boolean
  /** By UEFI, with a TPM 2.0 in the machine. */
  readonly tpm: boolean
}

/** An image that is to be registered. Equal orders are one image, however often they are placed. */
export interface UploadOrder {
  readonly drop: string
  /** As people type it: `ec2.x86_64`. */
  readonly image: string
  /** What has one drop after the other: `weekly Fedora 41`. */
  readonly stream: string
  /** Id of the compose. */
  readonly compose: string
  /** AMI name: what the image is found by again. */
  readonly name: string
  readonly architecture: Architecture
  /** By which firmware it passed its boot test; null when that is not known. */
  readonly firmware: TestedFirmware | null
  readonly disk: { readonly path: string; readonly sha256: string; readonly size: number }
}

export interface Uploaded {
  /** One per region where the image is there. */
  readonly registrations: readonly Registration[]
  /** Best-effort regions where it is not, and why. */
  readonly missing: readonly MissingPlace[]
  /** Regions that a drop needs and that it is still on its way to: ask again later. */
  readonly pending: readonly string[]
  /** Regions that were found to take it: whoever asks again may say so. */
  readonly usable: readonly string[]
  /** What is waited for is a snapshot that AWS makes of the disk, not a copy. */
  readonly importing: boolean
  /** Image data that was sent, without the holes. What AWS copies by itself is not in it. */
  readonly bytes: number
}

/** How an image is placed. */
export interface Placing {
  /** Only into these regions, from where it is already; one that cannot be had is then missing, whatever it is. */
  readonly places?: readonly string[]
  /** Regions that are not looked at again before something is sent: they were found to take it. */
  readonly usable?: readonly string[]
}

export interface Published {
  /** Those that everybody can launch now. */
  readonly registrations: readonly Registration[]
  /** Those of best-effort regions that could not be made public, and why. */
  readonly missing: readonly MissingPlace[]
  /** Why parameters do not name these images as the newest, where they should. */
  readonly unnamed: readonly string[]
}

/** An image that is to be found as the newest of its kind, where the settings want parameters for that. */
export interface Newest {
  /** The end of the parameter's name: `debian/12/weekly/ec2/x86_64/latest`. */
  readonly name: string
  /** Id of the compose, by which it is known whether another image is newer. */
  readonly compose: string
  readonly registrations: readonly Registration[]
}

/** How images are made public. */
export interface Publication {
  /** Nobody can deregister them before their drop is withdrawn. */
  readonly protect?: boolean
  /** They were public before: one that cannot be had is missing, whatever its region is. */
  readonly again?: boolean
  /** What parameters name, once all are public. */
  readonly newest?: readonly Newest[]
}

/** What is withdrawn of a drop, and how far. */
export interface Withdrawal {
  readonly registrations: readonly Registration[]
  readonly step: WithdrawalStep
  /** Names that may be of its images, and then are given back to those before them. */
  readonly newest: readonly Newest['name'][]
}

/** From public to gone: deprecated from a moment on, then private, then removed. */
export type WithdrawalStep =
  | { readonly kind: 'deprecate'; readonly from: string }
  | { readonly kind: 'hide' }
  /** Images that were launched since are left, in ISO 8601; null removes them all. */
  | { readonly kind: 'remove'; readonly unlessLaunchedSince: string | null }

/** What a job hands to the cloud's operations. */
export interface CloudContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly logFolder: string
}

/**
 * What we ask of EC2. Each operation may be cut off at any instruction and asked again, also while another process
 * is at it: it looks for what is there and does the rest. Throws TransientError, PermanentError, ArtifactCorrupted.
 */
export interface Cloud {
  /**
   * Puts the image into each region, registered and private: sent to one region of each partition, copied to the others.
   */
  upload(order: UploadOrder, context: CloudContext, how?: Placing): Promise<Uploaded>
  /**
   * Starts the private image on the machines that the settings have for it, in one region of each partition, and looks how they are.
   * Gives what is waited for, to be asked again later; null when it has started on all. Throws a verdict when it has not.
   */
  tryOut(order: UploadOrder, registrations: readonly Registration[], context: CloudContext): Promise<string | null>
  /** Ends what is under way for an image of a drop: trials, and imports of its disk with what was put into a bucket for them. */
  abandon(drop: string, image: string, context: CloudContext): Promise<void>
  /**
   * Makes the images public, in the regions that a drop needs all or none, and resolves when they are seen to be public, and
   * parameters name them.
   */
  publish(registrations: readonly Registration[], context: CloudContext, how?: Publication): Promise<Published>
  /**
   * Goes one step from public to gone with every image and snapshot of the drop, also those that no event knows of. Gives
   * what is kept, and why: a removal leaves images that are still used.
   */
  withdraw(drop: string, context: CloudContext, withdrawal: Withdrawal): Promise<readonly string[]>
  /** Compares every region with what drops claim, and mends what is ours to mend if told. */
  audit(drops: readonly ClaimedDrop[], context: CloudContext, how: { readonly repair: boolean }): Promise<AuditReport>
}
