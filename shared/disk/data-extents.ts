import { gather } from '#subprocess/gather.ts'
import { run } from '#subprocess/run.ts'

/** A stretch of a file that may hold data; what lies between two is a hole and reads as zeros. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** Asks the file system where a raw disk holds data, in rising order, without reading the disk. */
export async function readExtents(path: string, signal: AbortSignal): Promise<Extent[]> {
  const { output, bytes } = gather()
  await run('qemu-img', ['map', '--output=json', '-f', 'raw', path], { signal, output, deadline: 600_000 })
  return parseMap(bytes().toString('utf8'))
}

/** Reads the answer of `qemu-img map --output=json`. */
export function parseMap(json: string): Extent[] {
  const entries = JSON.parse(json) as readonly { start: number; length: number; data: boolean }[]
  return entries.filter((entry) => entry.data).map(({ start, length }) => ({ start, end: start + length }))
}
