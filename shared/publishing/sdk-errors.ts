import { messageOf, PermanentError, TransientError } from '#service/errors.ts'

const throttles = new Set([
  'RequestLimitExceeded',
  'RequestThrottledException',
  'ThrottlingException',
  'Throttling',
  'ConcurrentLimitExceededException',
  'PendingSnapshotLimitExceeded',
  'SnapshotCreationPerVolumeRateExceeded',
])
const network = /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_STREAM|TimeoutError|RequestTimeout)/

/** The cloud's code of an error that its SDK throws, `InvalidAMIName.Duplicate`; null for what is not the cloud's. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && '$metadata' in error && '$fault' in error ? error.name : null
}

/** A machine that there is none of is told as trouble of the cloud's own, but who asks again at once gets the same answer. */
const noMachine = /^Insufficient\w*Capacity$/

/** Throttling, trouble of the cloud's own, or of the network: the same request may work later. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || noMachine.test(error.name)) return false
  if (throttles.has(error.name) || network.test(error.name)) return true
  if ('code' in error && network.test(String(error.code))) return true
  return codeOf(error) !== null && statusOf(error) >= 500
}

/** Says what an error of an SDK means to the job, with what to do where the advice knows it; what is none passes as it is. */
export function translate(error: unknown, doing: string, advice: Readonly<Record<string, string>>): unknown {
  if (error instanceof TransientError || error instanceof PermanentError) return error
  const code = codeOf(error)
  const said = `${doing}: ${code ?? nameOf(error)}: ${messageOf(error)}`
  if (isBusy(error)) return new TransientError(said, { cause: error })
  if (error instanceof Error && /^(CredentialsProvider|TokenProvider|Provider)Error$/.test(error.name))
    return new PermanentError('environment', `${said} (no credentials were found)`, { cause: error })
  if (code === null) return error
  const then = advice[code]
  return new PermanentError('refused', then === undefined ? said : `${said} (${then})`, { cause: error })
}

function statusOf(error: unknown): number {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  return $metadata?.httpStatusCode ?? 0
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error'
  return 'code' in error ? String(error.code) : error.name
}
