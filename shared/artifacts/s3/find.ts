import type { S3Client } from './client.ts'
import { statusOf } from './failure.ts'
import type { Measured } from './measure.ts'
import { addressOf, optionsOf } from './request.ts'

/** What the bucket has under an address. */
export interface Found {
  readonly size: number
  readonly sha256: string | null
  /** In base64; null when the server does not remember any. */
  readonly checksum: string | null
  readonly keptAt: Date
}

/** Asks what the bucket has; null when it has nothing there, or does not tell us. */
export async function findObject(s3: S3Client, sha256: string, signal?: AbortSignal): Promise<Found | null> {
  const { checksums } = s3.settings
  const answer = await s3.request(async (sdk, client) => {
    const mode = checksums === 'supported' ? { ChecksumMode: 'ENABLED' as const } : {}
    const command = new sdk.HeadObjectCommand({ ...addressOf(s3, sha256), ...mode })
    try {
      return await client.send(command, optionsOf(signal))
    } catch (error) {
      // A refusal of HEAD has no text: whoever uploads next is told the reason.
      if ((statusOf(error) ?? 500) < 500) return null
      throw error
    }
  }, signal)
  if (answer === null) return null
  return {
    size: answer.ContentLength ?? 0,
    sha256: answer.Metadata?.['sha256'] ?? null,
    checksum: answer.ChecksumSHA256?.replace(/-\d+$/, '') ?? null,
    keptAt: answer.LastModified ?? new Date(),
  }
}

/** Whether an object is what the file is. Where the server remembers no checksums, size and name must do. */
export function isSame(s3: S3Client, { size, sha256, checksum }: Found, measured: Measured): boolean {
  if (size !== measured.size || sha256 !== measured.sha256) return false
  return s3.settings.checksums === 'required' || checksum === measured.checksum
}
