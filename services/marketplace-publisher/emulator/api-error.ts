import { ApiError } from '#publishing/emulator-refusal.ts'

/** Codes and statuses are those of "Errors" of each operation in the API reference of the catalog. */
export { ApiError }

/** A request that is wrong by itself. */
export function invalid(message: string): ApiError {
  return new ApiError(422, 'ValidationException', message)
}

export function notFound(what: string): ApiError {
  return new ApiError(404, 'ResourceNotFoundException', `${what} was not found.`)
}

/** Something that another change set holds, or that has come too far. */
export function inUse(message: string): ApiError {
  return new ApiError(423, 'ResourceInUseException', message)
}
