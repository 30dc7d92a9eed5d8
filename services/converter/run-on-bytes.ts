import { Readable } from 'node:stream'
import { gather } from '#subprocess/gather.ts'
import type { Conversion } from './conversion.ts'
import { releaseChunk } from './release-chunk.ts'

/** Runs a tool on what fits in memory; gives what it prints. */
export async function runOnBytes(
  { run }: Pick<Conversion, 'run'>,
  tool: string,
  args: readonly string[],
  bytes: readonly Buffer[],
): Promise<Buffer> {
  const { output, chunks, bytes: written } = gather()
  await run(tool, args, { input: Readable.from(bytes), output })
  const printed = written()
  chunks.forEach(releaseChunk)
  return printed
}
