import type { FileHandle } from 'node:fs/promises'
import type { CompletedPart, Part } from '@aws-sdk/client-s3'
import type { Measured } from '#artifacts/s3/measure.ts'
import { readPart } from '#artifacts/s3/request.ts'
import type { Region } from '../aws/region.ts'

/** So many parts are on their way at once, each in a buffer of its size. */
const atOnce = 4

interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

interface Content {
  readonly file: FileHandle
  readonly measured: Measured
  readonly onBytes: (count: number) => void
}

/** Sends the parts that S3 does not have yet, many at once, and gives what completes the upload. */
export async function sendParts(
  region: Region,
  upload: Upload,
  { file, measured, onBytes }: Content,
): Promise<CompletedPart[]> {
  const failed = new AbortController()
  const signal = AbortSignal.any([region.pace.signal, failed.signal])
  const there = await listParts(region, upload)
  const done: CompletedPart[] = []
  const left = measured.parts.values()
  const sendSome = async () => {
    const buffer = Buffer.allocUnsafeSlow(measured.parts[0]?.size ?? 0)
    for (const part of left) {
      const asked = { PartNumber: part.number, ChecksumSHA256: part.digest.toString('base64') }
      const has = there.find((one) => one.PartNumber === part.number)
      const isSame = has?.Size === part.size && has.ChecksumSHA256 === asked.ChecksumSHA256
      const tag = isSame ? has.ETag : await send(asked, await readPart(file, part, buffer))
      done.push({ ...asked, ...(tag === undefined ? {} : { ETag: tag }) })
      onBytes(part.size)
    }
  }
  const send = async (asked: { PartNumber: number; ChecksumSHA256: string }, body: Buffer) => {
    const part = { ...upload, ...asked, Body: body, ContentLength: body.length }
    return (await region.s3().uploadPart(part, { abortSignal: signal })).ETag
  }
  const workers = Array.from({ length: Math.min(atOnce, measured.parts.length) }, () =>
    sendSome().catch((error: unknown) => {
      failed.abort(error)
    }),
  )
  await Promise.all(workers)
  signal.throwIfAborted()
  return done.toSorted((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0))
}

async function listParts(region: Region, upload: Upload): Promise<Part[]> {
  const parts: Part[] = []
  for (let marker: string | undefined, first = true; first || marker !== undefined; first = false) {
    const page = await region.s3().listParts({ ...upload, PartNumberMarker: marker })
    parts.push(...(page.Parts ?? []))
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined
  }
  return parts
}
