import { z } from 'zod'
import { ApiError } from '../api-error.ts'
import type { Place, World } from '../world.ts'
import { deleteParameter } from './delete-parameter.ts'
import { getParameter, getParameterHistory, listTagsForResource } from './get-parameter.ts'
import { labelParameterVersion } from './label-version.ts'
import type { Operation } from './operation.ts'
import { putParameter } from './put-parameter.ts'

const operations: Readonly<Record<string, Operation>> = {
  PutParameter: putParameter,
  GetParameter: getParameter,
  GetParameterHistory: getParameterHistory,
  LabelParameterVersion: labelParameterVersion,
  DeleteParameter: deleteParameter,
  ListTagsForResource: listTagsForResource,
}

/** Answers one request of Systems Manager's Parameter Store. Throws ApiError. */
export async function answerParameters(world: World, place: Place, name: string, body: Buffer): Promise<object> {
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (!operation) throw new ApiError(400, 'UnknownOperationException', `There is no operation ${name}`)
  try {
    return await operation(world, place, JSON.parse(body.toString('utf8')))
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      throw new ApiError(400, 'ValidationException', `The request is not well-formed: ${error.message}`)
    throw error
  }
}
