import type { ComposeRef, ImagePlan } from '#events/vocabulary.ts'

/** A template that is wanted. */
export interface Order {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: ImagePlan
  readonly file: {
    /** Where the cloud finds the qcow2. */
    readonly url: string
    readonly sha256: string
  }
}
