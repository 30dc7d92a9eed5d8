import type { CheckResult } from '#events/vocabulary.ts'

/** One try at one boot: what was found, or why nothing can be told. */
export interface Tried {
  readonly boot: string
  /** 1 for the first. */
  readonly attempt: number
  readonly found: { readonly checks: readonly CheckResult[] } | { readonly reason: string }
}

/** All that was found of an image. */
export interface Found {
  /** Of the disk itself, before any boot. */
  readonly disk: readonly CheckResult[]
  /** The boots that the image was to pass. */
  readonly planned: readonly string[]
  readonly tried: readonly Tried[]
}
