import { createPlaceReader, PlaceUnreadable, type PlaceOptions } from './read-place.ts'

/** The metadata of a compose is not to be had. `final` when the place answered, so that asking again is no use. */
export class MetadataUnreadable extends PlaceUnreadable {
  override name = 'MetadataUnreadable'
}

/** Reads one metadata file of a compose: its parsed JSON. Throws MetadataUnreadable. */
export type ReadMetadata = (location: string, file: string, signal: AbortSignal) => Promise<unknown>

/** Reads metadata over HTTP or from a folder, within bounds. */
export function createMetadataReader(options: PlaceOptions): ReadMetadata {
  const read = createPlaceReader(options)
  return async (location, file, signal) => {
    const from = `${location}/metadata/${file}`
    try {
      const content = await read(from, signal)
      return parseJson(content?.bytes ?? Buffer.alloc(0), from)
    } catch (error) {
      if (error instanceof MetadataUnreadable || !(error instanceof PlaceUnreadable)) throw error
      throw new MetadataUnreadable(error.message, error.final, { cause: error.cause })
    }
  }
}

function parseJson(bytes: Buffer, from: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    throw new MetadataUnreadable(`${from}: not JSON`, true, { cause: error })
  }
}
