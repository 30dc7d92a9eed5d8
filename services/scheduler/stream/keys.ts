import { z } from 'zod'

/** The key of the memory of which streams there are. */
export const cadenceKey = 'cadence'

/** The key of what is remembered of one stream. */
export function keyOfStream(stream: string): string {
  return `stream:${stream}`
}

const memory = z.strictObject({ streams: z.array(z.string()) })

/** Reads which streams there are. */
export function readKnownStreams(state: unknown): string[] {
  return state === undefined || state === null ? [] : memory.parse(state).streams
}
