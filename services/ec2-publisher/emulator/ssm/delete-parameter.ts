import { z } from 'zod'
import { parameterOf } from './lookup.ts'
import type { Operation } from './operation.ts'

const request = z.strictObject({ Name: z.string().min(1) })

/** DeleteParameter: with all its versions; one of the same name begins anew. */
export const deleteParameter: Operation = async (world, place, body) => {
  const found = parameterOf(world, place, request.parse(body).Name)
  await world.parameters.save({ ...found, versions: [], deletedAt: world.now().getTime() })
  return {}
}
