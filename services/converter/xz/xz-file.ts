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
