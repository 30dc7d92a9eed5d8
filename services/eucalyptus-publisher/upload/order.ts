import type { Architecture, ComposeRef, ImagePlan } from '#events/vocabulary.ts'

/** An image that is to be registered. Equal orders are one image, however often they are placed. */
export interface Order {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: ImagePlan
  /** The raw disk. */
  readonly disk: { readonly path: string; readonly sha256: string; readonly size: number }
}

/** What Eucalyptus calls an architecture (`ImageMetadata.Architecture`); null for one that it has not. */
export function architectureOf(architecture: Architecture): 'i386' | 'x86_64' | null {
  return architectures[architecture]
}

const architectures = { i686: 'i386', x86_64: 'x86_64', aarch64: null } as const
