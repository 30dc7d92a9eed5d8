import type { Conversion } from '../conversion.ts'

/** One of the streams that an .xz file is a concatenation of (xz file format, section 2). */
export interface XzStream {
  readonly compressedSize: number
  readonly size: number
}

/** Reads the sizes of a file's streams from their own indexes; nothing is decoded for it. */
export async function listStreams(path: string, { run }: Pick<Conversion, 'run'>): Promise<XzStream[]> {
  const streams: XzStream[] = []
  // Line by line: xz tells of each block as well, and a large disk has thousands.
  const onLine = (line: string) => {
    const stream = readStream(line)
    if (stream) streams.push(stream)
  }
  await run('xz', ['--list', '--robot', '--verbose', path], { onLine })
  return streams
}

/** `stream`, number, blocks, compressed offset, uncompressed offset, compressed size, uncompressed size, … */
function readStream(line: string): XzStream | null {
  const [kind, ...fields] = line.split('\t')
  return kind === 'stream' ? { compressedSize: Number(fields[4]), size: Number(fields[5]) } : null
}
