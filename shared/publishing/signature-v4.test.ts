import { expect, it } from 'vitest'
import { authorize } from './signature-v4.ts'

/** SHA-256 of nothing. */
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

it.each([
  [
    'of its test suite, get-vanilla',
    'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    { url: '/', headers: { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' } },
    { keyId: 'AKIDEXAMPLE', day: '20150830', service: 'service' },
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'of the S3 API Reference, "GET Object"',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    {
      url: '/test.txt',
      headers: {
        host: 'examplebucket.s3.amazonaws.com',
        range: 'bytes=0-9',
        'x-amz-content-sha256': empty,
        'x-amz-date': '20130524T000000Z',
      },
    },
    { keyId: 'AKIAIOSFODNN7EXAMPLE', day: '20130524', service: 's3' },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'of the S3 API Reference, "List Objects"',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    {
      url: '/?max-keys=2&prefix=J',
      headers: {
        host: 'examplebucket.s3.amazonaws.com',
        'x-amz-content-sha256': empty,
        'x-amz-date': '20130524T000000Z',
      },
    },
    { keyId: 'AKIAIOSFODNN7EXAMPLE', day: '20130524', service: 's3' },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('signs as AWS does in the example %s', (_, secret, request, scope, signature) => {
  const signedHeaders = Object.keys(request.headers)
  const said = authorize(secret, { method: 'GET', ...request }, empty, { ...scope, region: 'us-east-1', signedHeaders })
  expect(said).toBe(
    `AWS4-HMAC-SHA256 Credential=${scope.keyId}/${scope.day}/us-east-1/${scope.service}/aws4_request, ` +
      `SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  )
})
