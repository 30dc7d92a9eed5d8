/** Encodes pieces of a disk, each by itself: what becomes of a piece depends on nothing but its bytes. */
export interface Coder {
  /** Of the folder that its pieces are kept in; says what they are and how they are made, as `xz-6`. */
  readonly name: string
  readonly pieceSize: number
  /** Zeros become nothing: they are not encoded. */
  readonly leavesOutZeros?: boolean
  /** What it gives is nobody else's, nor a part of `pieces`: its memory is freed when it is written. */
  readonly encode: (pieces: readonly Buffer[]) => Promise<readonly Buffer[]>
}
