/** A refusal, by HTTP status, code and message. */
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

/** A client's mistake: `ClientComputeException`. */
export function refused(code: string, message: string): ApiError {
  return new ApiError(400, code, message)
}

/** What Eucalyptus throws without a code of its own comes out so, whoever made the mistake: `ErrorHandlerSupport.handle`. */
export function internalFailure(message: string): ApiError {
  return new ApiError(500, 'InternalFailure', message)
}
