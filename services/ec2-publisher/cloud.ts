import type { Progress } from '#bus/bus.ts'
import type { Architecture, MissingPlace, Registration } from '#events/vocabulary.ts'

/** An image that is to be registered. Equal orders are one image, however often they are placed. */
export interface UploadOrder {
  readonly drop: string
  /** As people type it: `ec2.x86_64`. */
  readonly image: string
  /** AMI name: what the image is found by again. */
  readonly name: string
  readonly architecture: Architecture
  readonly disk: { readonly path: string; readonly sha256: string; readonly size: number }
}

export interface Uploaded {
  /** One per region where the image is there. */
  readonly registrations: readonly Registration[]
  /** Best-effort regions where it is not, and why. */
  readonly missing: readonly MissingPlace[]
  /** Regions that a drop needs and that it is still being copied to: ask again later. */
  readonly pending: readonly string[]
  /** Image data that was sent, without the holes. What AWS copies by itself is not in it. */
  readonly bytes: number
}

export interface Published {
  /** Those that everybody can launch now. */
  readonly registrations: readonly Registration[]
  /** Those of best-effort regions that could not be made public, and why. */
  readonly missing: readonly MissingPlace[]
}

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
   * With `places`, only into those, from where it is already; a region that cannot be had is then missing, whatever it is.
   */
  upload(order: UploadOrder, context: CloudContext, places?: readonly string[]): Promise<Uploaded>
  /**
   * Makes the images public, in the regions that a drop needs all or none, and resolves when they are seen to be public.
   */
  publish(registrations: readonly Registration[], context: CloudContext): Promise<Published>
  /** Removes every image and snapshot of the drop, also those that no event knows of. */
  withdraw(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<void>
}
