/** A refusal as AWS words it: HTTP status, code, message, and for EBS a reason. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly reason: string | null

  constructor(status: number, code: string, message: string, reason: string | null = null) {
    super(message)
    this.status = status
    this.code = code
    this.reason = reason
  }
}

/** A client's mistake in EC2, where nearly all have the status 400. */
export function refused(code: string, message: string): ApiError {
  return new ApiError(400, code, message)
}

/** A client's mistake in EBS direct. */
export function invalid(reason: string, message: string): ApiError {
  return new ApiError(400, 'ValidationException', message, reason)
}
