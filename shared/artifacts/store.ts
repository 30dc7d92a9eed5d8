import type { ArtifactRef } from '#events/vocabulary.ts'

/** A file in the making: write to `path` as you like, then hand it to the store or drop it. */
export interface Draft extends AsyncDisposable {
  /** In a folder of the store's own, so that keeping it is a rename. */
  readonly path: string
}

/** What a store is told of a file that it takes over. */
export interface KeepOptions {
  /** raw, qcow2, raw.xz, log, png, json, … */
  readonly format: string
  /** SHA-256 that was computed while the file was written; without it the store reads the file once. */
  readonly sha256?: string
  readonly signal?: AbortSignal
}

/**
 * Keeps immutable files by their SHA-256. An implementer makes a file visible under its address only when every
 * byte of it is durable; keeping the same bytes twice is one file; holes stay holes.
 */
export interface ArtifactStore {
  /** A new empty draft; disposing of it removes what was not kept. */
  draft(name: string): Promise<Draft>
  /** Takes the file of a draft over: verifies, makes durable, then visible. The draft's path is gone afterwards. */
  keep(draft: Draft, options: KeepOptions): Promise<ArtifactRef>
  /** Stores text or bytes that fit in memory. */
  keepBytes(bytes: string | Uint8Array, format: string): Promise<ArtifactRef>
  /**
   * A path to read the artifact from, for tools that want a file; a store that is elsewhere fetches it first. Throws
   * ArtifactMissing, or ArtifactCorrupted when it is not what was kept, as far as opening it tells. Never write to it.
   * A store may take back the path after hours (its `holdFor`): who needs it longer links it (`linkArtifact`).
   */
  open(ref: ArtifactRef, signal?: AbortSignal): Promise<string>
  /** Reads the artifact through and compares. Throws ArtifactMissing or ArtifactCorrupted. */
  verify(ref: ArtifactRef, signal?: AbortSignal): Promise<void>
}

/** One artifact that a store has. */
export interface StoredArtifact {
  readonly sha256: string
  /** What it takes up. */
  readonly bytes: number
  /** When it was kept last: of bytes that are kept again, that time counts, as far as `keepsFor` goes. */
  readonly keptAt: Date
}

/** What a store has, for whoever clears it out. No service needs it. */
export interface ArtifactStock {
  /** Everything that is kept, in no order. */
  list(signal?: AbortSignal): AsyncIterable<StoredArtifact>
  /**
   * Removes an artifact that was not kept since a time, which is at least `keepsFor` ago; resolves with whether it did. What is
   * kept at this moment stays. May be killed at any instruction.
   */
  remove(sha256: string, since: Date): Promise<boolean>
}

/** A store that has the bytes already may take them for kept just now when it did so within this time, in milliseconds. */
export const keepsFor = 12 * 3_600_000

/** The store does not have it. */
export class ArtifactMissing extends Error {
  override name = 'ArtifactMissing'
  readonly code = 'ARTIFACT_MISSING'
}

/** What the store has is not what was kept there. */
export class ArtifactCorrupted extends Error {
  override name = 'ArtifactCorrupted'
  readonly code = 'ARTIFACT_CORRUPTED'
}

/** The store cannot be reached, or is too busy, for now: trying again later may help. */
export class ArtifactStoreUnavailable extends Error {
  override name = 'ArtifactStoreUnavailable'
  readonly code = 'ARTIFACT_STORE_UNAVAILABLE'
}

/** The store answers, but not us: its name, our rights or our credentials are wrong. A person has to see to it. */
export class ArtifactStoreRefused extends Error {
  override name = 'ArtifactStoreRefused'
  readonly code = 'ARTIFACT_STORE_REFUSED'
}
