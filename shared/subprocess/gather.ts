import { Writable } from 'node:stream'

/** All that a tool has written, of which somebody knows that it fits in memory. */
export interface Gathered {
  /** Where the tool is to write: the `output` of its run. */
  readonly output: Writable
  readonly bytes: () => Buffer
}

/** Gathers what a tool writes, byte for byte. */
export function gather(): Gathered {
  const chunks: Buffer[] = []
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  return { output, bytes: () => Buffer.concat(chunks) }
}
