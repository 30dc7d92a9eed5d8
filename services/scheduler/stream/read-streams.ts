import { cadenceKey, keyOfStream, readKnownStreams } from './keys.ts'
import { readStreamState, type StreamState } from './state.ts'

/** What is remembered of every stream, by whoever can read the scheduler's memory. */
export async function readStreams(readState: (key: string) => Promise<unknown>): Promise<StreamState[]> {
  const streams = readKnownStreams(await readState(cadenceKey))
  return await Promise.all(streams.map(async (stream) => readStreamState(await readState(keyOfStream(stream)))))
}
