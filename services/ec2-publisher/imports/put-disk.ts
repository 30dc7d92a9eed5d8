import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { measureFile, type Measured } from '#artifacts/s3/measure.ts'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import type { Region } from '../aws/region.ts'
import type { UploadOrder } from '../cloud.ts'
import type { ImportPlace } from './import-place.ts'
import { findUploads } from './remove-objects.ts'
import { sendParts } from './send-parts.ts'

interface Put {
  readonly place: ImportPlace
  readonly key: string
  readonly disk: UploadOrder['disk']
  /** Told the bytes that are dealt with, each time some more are. */
  readonly onBytes: (count: number) => void
}

/**
 * Puts the disk into the bucket unless it is there. The parts that an earlier try has sent are not sent again. The disk is read once
 * before, for its digest and those of its parts, which S3 holds each part to; so what is there under the key, whole, is the disk.
 */
export async function putDisk(region: Region, { place, key, disk, onBytes }: Put): Promise<void> {
  const measured = await measureFile(disk.path, place.partBytes, region.pace.signal)
  if (measured.sha256 !== disk.sha256)
    throw new ArtifactCorrupted(`the disk ${disk.sha256} (raw) now reads as ${measured.sha256}: ${disk.path}`)
  const address = { Bucket: place.bucket, Key: key }
  if (await isThere(region, address, measured)) return
  try {
    const [begun] = await findUploads(region, place, key)
    const upload = begun?.UploadId ?? (await beginUpload(region, address))
    await using file = await open(disk.path)
    const parts = await sendParts(region, { ...address, UploadId: upload }, { file, measured, onBytes })
    await region.s3().completeMultipartUpload({ ...address, UploadId: upload, MultipartUpload: { Parts: parts } })
  } catch (error) {
    const code = codeOf(error) ?? ''
    if (changed.has(code)) throw new TransientError(`${disk.path} changed while it was sent to S3`, { cause: error })
    // Somebody else, or we before the answer was lost, have completed it.
    if (code !== 'NoSuchUpload') throw error
  }
  if (await isThere(region, address, measured)) return
  throw new TransientError(`the upload of s3://${place.bucket}/${key} was ended by somebody else`)
}

/** A part was not what its digest said. */
const changed = new Set(['BadDigest', 'XAmzContentSHA256Mismatch'])

interface Address {
  readonly Bucket: string
  readonly Key: string
}

/** Throws when there is something else under the key, which names the digest: it is not ours to put over. */
async function isThere(region: Region, address: Address, { size, parts }: Measured): Promise<boolean> {
  const found = await region
    .s3()
    .headObject({ ...address, ChecksumMode: 'ENABLED' })
    .catch((error: unknown) => {
      if (codeOf(error) === 'NotFound') return null
      throw error
    })
  if (found === null) return false
  // Of an object in parts, be it one, it is the digest of their digests, with their number.
  const digests = Buffer.concat(parts.map(({ digest }) => digest))
  const checksum = createHash('sha256').update(digests).digest('base64')
  const told = found.ChecksumSHA256?.replace(/-\d+$/, '')
  if (found.ContentLength === size && told === checksum) return true
  throw new PermanentError(
    'refused',
    `s3://${address.Bucket}/${address.Key} has ${String(found.ContentLength)} bytes with the SHA-256 ${told ?? '(none)'} ` +
      `instead of ${String(size)} with ${checksum}; remove it, then retry`,
  )
}

async function beginUpload(region: Region, address: Address): Promise<string> {
  const asked = { ...address, ChecksumAlgorithm: 'SHA256' } as const
  const { UploadId: upload } = await region.s3().createMultipartUpload(asked)
  if (upload === undefined) throw new TransientError(`${address.Bucket} began an upload without giving its id`)
  return upload
}
