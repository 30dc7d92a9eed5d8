import type { Draft } from '#artifacts/store.ts'

/** What is expected next in a flow of bytes. */
export interface Part {
  readonly what: string
  readonly size: number
  readonly sha256: string
}

/** An .xz file as it should be: the digest of its bytes, and what each of its streams decodes to. */
export interface XzFile {
  readonly format: string
  readonly path: string
  readonly sha256: string
  readonly streams: readonly (Part & { readonly compressedSize: number })[]
}

/** One proof for all the files that hold one stream. */
export interface SharedProof {
  /** Names a file that holds the stream whole: it is decoded in the stream's stead, and proves both. */
  readonly takeInstead: (file: XzFile) => void
  /** Decodes once, whoever asks and however often. Throws NotTheDisk. */
  readonly prove: () => Promise<void>
}

/** The disk as one xz stream in a file of its own. */
export interface CompressedDisk {
  readonly draft: Draft
  readonly sha256: string
  readonly stream: XzFile['streams'][number]
  readonly proof: SharedProof
}
