import type { FileHandle } from 'node:fs/promises'
import type { CompletedPart } from '@aws-sdk/client-s3'
import type { S3Client } from './client.ts'
import { findObject, isSame } from './find.ts'
import type { Measured, Part } from './measure.ts'
import { addressOf, checksumOf, metadataOf, optionsOf, readPart } from './request.ts'

/** Uploads a file in parts, and takes back what was sent when it cannot be completed. */
export async function putInParts(
  s3: S3Client,
  file: FileHandle,
  measured: Measured,
  signal?: AbortSignal,
): Promise<void> {
  const address = addressOf(s3, measured.sha256)
  const algorithm = s3.settings.checksums === 'supported' ? { ChecksumAlgorithm: 'SHA256' as const } : {}
  const { UploadId: upload } = await s3.request(async (sdk, client) => {
    const command = new sdk.CreateMultipartUploadCommand({ ...address, ...algorithm, Metadata: metadataOf(measured) })
    return await client.send(command, optionsOf(signal))
  }, signal)
  if (upload === undefined) throw new Error(`the bucket ${address.Bucket} began an upload without giving its id`)
  try {
    const parts = await sendParts(s3, file, measured, upload, signal)
    await complete(s3, measured, upload, parts, signal)
  } catch (error) {
    await takeBack(s3, measured, upload)
    throw error
  }
}

/** Several at once; the first failure ends the others, and all have ended when this rejects. */
async function sendParts(s3: S3Client, file: FileHandle, measured: Measured, upload: string, signal?: AbortSignal) {
  const failed = new AbortController()
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal
  const sent: CompletedPart[] = []
  const queue = measured.parts.values()
  async function sendSome(): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(measured.parts[0]?.size ?? 0)
    for (const part of queue) {
      const body = await readPart(file, part, buffer)
      sent.push(await sendPart(s3, { address: addressOf(s3, measured.sha256), upload, part, body }, stop))
    }
  }
  const workers = Array.from({ length: Math.min(s3.settings.concurrency, measured.parts.length) }, sendSome)
  const stopOthers = (error: unknown) => {
    failed.abort(error)
    throw error
  }
  const ends = await Promise.allSettled(workers.map((worker) => worker.catch(stopOthers)))
  signal?.throwIfAborted()
  if (ends.some((end) => end.status === 'rejected')) throw failed.signal.reason
  return sent.sort((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0))
}

interface Sending {
  readonly address: { readonly Bucket: string; readonly Key: string }
  readonly upload: string
  readonly part: Part
  /** Not a stream, so that the SDK can send it again. */
  readonly body: Buffer
}

async function sendPart(s3: S3Client, { address, upload, part, body }: Sending, signal: AbortSignal) {
  const checksum = checksumOf(s3, part)
  const number = { PartNumber: part.number }
  return await s3.request(async (sdk, client) => {
    const command = new sdk.UploadPartCommand({
      ...address,
      ...number,
      ...checksum,
      UploadId: upload,
      Body: body,
      ContentLength: part.size,
    })
    const { ETag } = await client.send(command, optionsOf(signal))
    return { ...number, ...checksum, ...(ETag === undefined ? {} : { ETag }) }
  }, signal)
}

async function complete(
  s3: S3Client,
  measured: Measured,
  upload: string,
  parts: CompletedPart[],
  signal?: AbortSignal,
): Promise<void> {
  try {
    await s3.request(async (sdk, client) => {
      const address = addressOf(s3, measured.sha256)
      const command = new sdk.CompleteMultipartUploadCommand({
        ...address,
        UploadId: upload,
        MultipartUpload: { Parts: parts },
      })
      await client.send(command, optionsOf(signal))
    }, signal)
  } catch (error) {
    // When the answer to the first try got lost, the second finds no upload any more.
    const found = await findObject(s3, measured.sha256, signal).catch(() => null)
    if (!found || !isSame(s3, found, measured)) throw error
  }
}

/** Needs no signal: it is what follows an abort. What it cannot take back, the bucket's lifecycle rule does. */
async function takeBack(s3: S3Client, { sha256 }: Measured, upload: string): Promise<void> {
  const address = addressOf(s3, sha256)
  try {
    await s3.request(
      async (sdk, client) => await client.send(new sdk.AbortMultipartUploadCommand({ ...address, UploadId: upload })),
    )
  } catch (error) {
    s3.settings.log.warn({ err: error, key: address.Key, upload }, 'an unfinished upload is left behind')
  }
}
