import { ApiError } from '../api-error.ts'
import type { ParameterRecord } from '../records.ts'
import type { Place, World } from '../world.ts'
import { recordId } from './names.ts'

export type Version = ParameterRecord['versions'][number]

/** A parameter that was not deleted, whether a version of it is to be seen yet or not. */
export function standing(world: World, place: Place, name: string): ParameterRecord | null {
  const found = world.parameters.get(recordId(name, place))
  return found?.deletedAt === null ? found : null
}

/** A parameter that is there. */
export function parameterOf(world: World, place: Place, name: string): ParameterRecord {
  const found = standing(world, place, name)
  if (found !== null && seenVersions(world, found).length > 0) return found
  throw new ApiError(400, 'ParameterNotFound', `Parameter ${name} not found.`)
}

/** Versions whose value was found to be valid, oldest first. */
export function seenVersions(world: World, { versions }: ParameterRecord): Version[] {
  const now = world.now().getTime()
  return versions.filter(({ seenFrom }) => seenFrom <= now)
}
