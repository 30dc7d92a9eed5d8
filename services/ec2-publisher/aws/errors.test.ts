import { expect, it } from 'vitest'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { isBusy } from '#publishing/sdk-errors.ts'
import { isMissing, translate } from './errors.ts'

/** An error as the SDK throws it. */
function awsError(name: string, status: number): Error {
  return Object.assign(new Error('said AWS'), { name, $fault: 'client', $metadata: { httpStatusCode: status } })
}

function networkError(code: string): Error {
  return Object.assign(new Error('said Node'), { code })
}

it.each([
  ['a throttled call of EC2', awsError('RequestLimitExceeded', 503)],
  ['a throttled call of EBS', awsError('RequestThrottledException', 400)],
  ['an error of the server', awsError('InternalError', 500)],
  ['a closed connection', networkError('ECONNRESET')],
  ['a name that cannot be looked up now', networkError('EAI_AGAIN')],
  ['a timeout', Object.assign(new Error('x'), { name: 'TimeoutError' })],
])('takes %s for something that passes', (_, error) => {
  expect(isBusy(error)).toBe(true)
  expect(translate(error, 'doing')).toBeInstanceOf(TransientError)
})

it.each([
  [awsError('InvalidAMIName.Duplicate', 400), /^doing: InvalidAMIName.Duplicate: said AWS$/],
  [awsError('ResourceLimitExceeded', 400), /ResourceLimitExceeded: said AWS \(.*Public AMIs/],
  [awsError('UnauthorizedOperation', 403), /UnauthorizedOperation: said AWS \(.*permissions/],
  [awsError('OperationNotPermitted', 400), /OperationNotPermitted: said AWS \(call DisableImageBlockPublicAccess/],
])('takes %s for a refusal, and says what to do where it knows', (error, message) => {
  const translated = translate(error, 'doing')
  expect(isBusy(error)).toBe(false)
  expect(translated).toBeInstanceOf(PermanentError)
  expect(translated).toMatchObject({ failureClass: 'refused', message: expect.stringMatching(message) as string })
})

it('tells a machine without credentials from one whose credentials are refused', () => {
  const missing = Object.assign(new Error('none'), { name: 'CredentialsProviderError' })
  expect(translate(missing, 'doing')).toMatchObject({ failureClass: 'environment' })
})

it('knows what is gone in the words of each service', () => {
  for (const code of [
    'ResourceNotFoundException',
    'InvalidAMIID.NotFound',
    'InvalidAMIID.Unavailable',
    'InvalidSnapshot.NotFound',
  ])
    expect(isMissing(awsError(code, 400))).toBe(true)
  expect(isMissing(awsError('InvalidSnapshot.InUse', 400))).toBe(false)
  expect(isMissing(networkError('ENOENT'))).toBe(false)
})

it('leaves our own errors and unknown ones as they are', () => {
  for (const error of [new ArtifactCorrupted('x'), new TransientError('x'), new TypeError('x')])
    expect(translate(error, 'doing')).toBe(error)
})
