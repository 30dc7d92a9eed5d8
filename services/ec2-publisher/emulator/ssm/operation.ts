import type { Place, World } from '../world.ts'

/** One operation of the API: throws ZodError for a request that is not well-formed, ApiError for one that is refused. */
export type Operation = (world: World, place: Place, body: unknown) => Promise<object> | object
