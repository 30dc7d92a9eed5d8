/** A refusal as the catalog words it. Codes and statuses are those of "Errors" of each operation in the API reference. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

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
