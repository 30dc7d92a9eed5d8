import { ApiError } from '#publishing/emulator-refusal.ts'

export { ApiError }

/** A client's mistake: `ClientComputeException`. */
export function refused(code: string, message: string): ApiError {
  return new ApiError(400, code, message)
}

/** What Eucalyptus throws without a code of its own comes out so, whoever made the mistake: `ErrorHandlerSupport.handle`. */
export function internalFailure(message: string): ApiError {
  return new ApiError(500, 'InternalFailure', message)
}
