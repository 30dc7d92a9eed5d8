/**
 * Frees the memory of buffers that nobody needs any more, where it holds nothing else. Left to the garbage collector, an image's worth of
 * them keeps some 80 MB occupied, and has it look at everything else again and again.
 */
export function release(buffers: readonly Buffer[]): void {
  const lengths = new Map<ArrayBufferLike, number>()
  for (const { buffer, length } of buffers) lengths.set(buffer, (lengths.get(buffer) ?? 0) + length)
  for (const [memory, length] of lengths) {
    if (memory instanceof ArrayBuffer && length === memory.byteLength) memory.transfer(0)
  }
}
