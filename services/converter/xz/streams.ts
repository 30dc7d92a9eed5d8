import type { Conversion } from '../conversion.ts'

/** One of the streams that an .xz file is a concatenation of (xz file format, section 2). */
export interface XzStream {
  readonly compressedSize: number
  readonly size: number
}

/** Reads the sizes of a file's streams from their own indexes; nothing is decoded for it. */
export async function listStreams(path: string, { run }: Pick<Conversion, 'run'>): Promise<XzStream[]> {
  const { stdout } = await run('xz', ['--list', '--robot', '--verbose', path])
  return parseStreams(stdout)
}

/** `stream`, number, blocks, compressed offset, uncompressed offset, compressed size, uncompressed size, … */
export function parseStreams(robot: string): XzStream[] {
  const lines = robot.split('\n').map((line) => line.split('\t'))
  return lines
    .filter(([kind]) => kind === 'stream')
    .map((fields) => ({ compressedSize: Number(fields[5]), size: Number(fields[6]) }))
}
