/**
 * Frees the memory of a chunk that came from a pipe or a file and that nobody needs any more. Left to the garbage
 * collector, an image's worth of such chunks keeps some 80 MB occupied.
 */
export function releaseChunk(chunk: Buffer): void {
  // A part of a larger buffer is not ours alone.
  if (chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer(0)
}
