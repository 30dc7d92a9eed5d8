import type { DiskSink } from './chunk.ts'

/** What is expected next in a flow of bytes. */
export interface Part {
  readonly what: string
  readonly size: number
  readonly sha256: string
}

/** A part as one xz stream. */
export interface StreamPart extends Part {
  readonly compressedSize: number
}

/** An .xz file as it should be: the digest of its bytes, and what each of its streams decodes to. */
export interface XzFile {
  readonly format: string
  readonly path: string
  readonly sha256: string
  readonly streams: readonly StreamPart[]
}

/**
 * One decoding for all files that hold the same stream: of the one with most around it. The stream was written into all of
 * them out of the same memory, so the others are proved by their own digests.
 */
export interface SharedProof {
  readonly add: (file: XzFile) => void
  /** Proves one of the files that were added. Throws NotTheDisk. */
  readonly prove: (file: XzFile) => Promise<void>
}

/** What is written from its start to its end. */
export interface Appended {
  readonly append: (bytes: Buffer) => Promise<void>
}

/** The disk as one xz stream, which is written into every file that holds it as it comes. */
export interface XzStream extends DiskSink {
  /** Adds a file, before the disk is read. */
  readonly writeInto: (file: Appended) => void
  /** Resolves when the whole stream is written. */
  readonly done: () => Promise<StreamPart>
  readonly proof: SharedProof
}
