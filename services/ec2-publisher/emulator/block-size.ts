/** Bytes of a block of EBS direct (EBS API, StartSnapshot: BlockSize). */
export const blockSize = 524_288
