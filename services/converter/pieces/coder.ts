/** Encodes pieces of a disk, each by itself: what becomes of a piece depends on nothing but its bytes. */
export interface Coder {
  /** Of the folder that its pieces are kept in; says what they are and how they are made, as `xz-6`. */
  readonly name: string
  readonly pieceSize: number
  /** Zeros become nothing: they are not encoded. */
  readonly leavesOutZeros?: boolean
  readonly encode: (pieces: readonly Buffer[]) => Promise<readonly Buffer[]>
}
