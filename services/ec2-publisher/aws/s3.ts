import { createRequire } from 'node:module'
import type * as S3Sdk from '@aws-sdk/client-s3'
import type { Ec2Settings } from '../config.ts'

const require = createRequire(import.meta.url)

interface Connection {
  readonly settings: Pick<Ec2Settings, 'importEndpoint'>
  /** Milliseconds in which something has to move. */
  readonly silence: number
}

/** Makes the client of S3 of a region, where disks are put for VM Import; of `common`, what is of EC2's own place is left out. */
export function connectS3(common: S3Sdk.S3ClientConfig, { settings, silence }: Connection): S3Sdk.S3 {
  const { S3 } = require('@aws-sdk/client-s3') as typeof S3Sdk
  const elsewhere = settings.importEndpoint === null ? {} : { endpoint: settings.importEndpoint, forcePathStyle: true }
  const { endpoint: _, ...ours } = common
  // Checksums are given where they are wanted: SHA-256, of each part.
  const client = new S3({
    ...ours,
    ...elsewhere,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A part may take longer than a silence may: what counts is that something moves.
    requestHandler: { socketTimeout: silence, connectionTimeout: 10_000 },
  })
  client.middlewareStack.add((next) => async (args) => await next(withPayloadDigest(args)), {
    step: 'build',
    name: 'signByChecksum',
  })
  return client
}

/** The checksum of a part is the digest that goes into the signature: the SDK would hash the bytes once more for it. */
function withPayloadDigest<Args extends { readonly input: object; readonly request: unknown }>(args: Args): Args {
  const { input, request } = args
  const checksum = 'Body' in input && 'ChecksumSHA256' in input ? input.ChecksumSHA256 : null
  if (typeof checksum === 'string') {
    const { headers } = request as { readonly headers: Record<string, string> }
    headers['x-amz-content-sha256'] = Buffer.from(checksum, 'base64').toString('hex')
  }
  return args
}
