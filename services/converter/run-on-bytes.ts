import { Readable } from 'node:stream'
import type { Conversion } from './conversion.ts'
import { readFully } from './fully.ts'

/**
 * Runs a tool on what fits in memory; gives what it prints. By way of a file: through a pipe it would come in thousands of pieces, each
 * with a buffer of its own, and all garbage is collected as often as some 30 MB of buffers were made.
 */
export async function runOnBytes(
  { run, scratch }: Pick<Conversion, 'run' | 'scratch'>,
  tool: string,
  args: readonly string[],
  bytes: readonly Buffer[],
): Promise<Buffer> {
  await using file = await scratch()
  await run(tool, args, { input: Readable.from(bytes), outputFile: file.fd })
  const { size } = await file.stat()
  const printed = Buffer.allocUnsafeSlow(size)
  await readFully(file, printed, 0)
  return printed
}
