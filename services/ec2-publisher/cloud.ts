import type { Progress } from '#bus/bus.ts'
import type { Architecture, Registration } from '#events/vocabulary.ts'

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
  /** One per region. */
  readonly registrations: readonly Registration[]
  /** Image data in all regions together, without the holes. */
  readonly bytes: number
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
  /** Puts the image into each region, registered and private. */
  upload(order: UploadOrder, context: CloudContext): Promise<Uploaded>
  /** Makes the images public, all or none, and resolves when they are seen to be public. */
  publish(registrations: readonly Registration[], context: CloudContext): Promise<void>
  /** Removes every image and snapshot of the drop, also those that no event knows of. */
  withdraw(drop: string, registrations: readonly Registration[], context: CloudContext): Promise<void>
}
