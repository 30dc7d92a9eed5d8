import { ApiError } from './api-error.ts'
import type { ServiceName } from './signature.ts'

/** What may go wrong with a call. `lost` is cut off before anything is done, `unheard` after everything was. */
export type Fault = 'throttled' | 'broken' | 'lost' | 'unheard'

/** A call as a fault script sees it: `RegisterImage`, where, and the number of the call since the start, from 1. */
export interface SeenCall {
  readonly operation: string
  readonly region: string
  readonly number: number
  /** It only asks whether it would be allowed. */
  readonly isDryRun: boolean
}

/** Decides for each call whether something goes wrong; it may do something itself meanwhile, which then came first. */
export type FaultScript = (call: SeenCall) => Fault | null | Promise<Fault | null>

/** The refusal that stands for a fault, or null for those that have no answer. */
export function refusalOf(fault: Fault, service: ServiceName): ApiError | null {
  if (fault === 'throttled' && service === 'ec2')
    return new ApiError(503, 'RequestLimitExceeded', 'Request limit exceeded.')
  if (fault === 'throttled' && service === 'iam') return new ApiError(400, 'Throttling', 'Rate exceeded')
  if (fault === 'throttled' && service === 'ssm') return new ApiError(400, 'ThrottlingException', 'Rate exceeded')
  if (fault === 'throttled') return new ApiError(400, 'RequestThrottledException', 'Rate exceeded', 'ACCOUNT_THROTTLED')
  if (fault === 'broken')
    return new ApiError(
      500,
      service === 'ec2' ? 'InternalError' : service === 'iam' ? 'ServiceFailure' : 'InternalServerException',
      'Internal error',
    )
  return null
}
