import { Readable, Writable } from 'node:stream'
import type { Conversion } from './conversion.ts'
import { releaseChunk } from './release-chunk.ts'

/** Runs a tool on what fits in memory; gives what it prints. */
export async function runOnBytes(
  { run }: Pick<Conversion, 'run'>,
  tool: string,
  args: readonly string[],
  bytes: Buffer,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  await run(tool, args, { input: Readable.from([bytes]), output })
  const printed = Buffer.concat(chunks)
  chunks.forEach(releaseChunk)
  return printed
}
