import type { ComposeRef, ImagePlan } from '#events/vocabulary.ts'

/** An image that is to be in Glance. Equal orders are one image, however often they are placed. */
export interface Order {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: ImagePlan
  /** The qcow2. */
  readonly file: { readonly path: string; readonly sha256: string; readonly size: number }
  /** Bytes of the disk that it decodes to. */
  readonly diskSize: number
  /** MiB of memory that a server needs at least. */
  readonly minRam: number
}
