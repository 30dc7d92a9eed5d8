import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { ArtifactCorrupted, ArtifactMissing, ArtifactStoreUnavailable } from '../store.ts'
import type { S3Client } from './client.ts'
import { isConnectionLost, storeFailure } from './failure.ts'
import { addressOf, optionsOf } from './request.ts'

/**
 * The bytes of an object, whose size must be the promised one. A connection that breaks is taken up again where it
 * broke; `attempts` times without getting on, it counts as unavailable.
 */
export async function* readObject(s3: S3Client, ref: ArtifactRef, signal?: AbortSignal): AsyncGenerator<Buffer> {
  let at = 0
  let version: string | undefined
  let failures = 0
  for (;;) {
    try {
      const { body, tag } = await openObject(s3, ref, { at, version }, signal)
      version = tag
      for await (const bytes of body) {
        at += bytes.length
        failures = 0
        yield bytes
      }
      if (at >= ref.size) return
      throw new ArtifactStoreUnavailable(`${describe(s3, ref)} ended after ${String(at)} of ${String(ref.size)} bytes`)
    } catch (error) {
      signal?.throwIfAborted()
      if (!isConnectionLost(error) && !(error instanceof ArtifactStoreUnavailable)) throw error
      failures += 1
      if (failures >= s3.settings.attempts) throw storeFailure(error, s3.settings)
    }
    await sleep(100 * 2 ** failures, null, signal ? { signal } : {})
  }
}

interface From {
  readonly at: number
  /** The rest must be of the same object as the beginning. */
  readonly version: string | undefined
}

async function openObject(s3: S3Client, ref: ArtifactRef, { at, version }: From, signal?: AbortSignal) {
  const rest = at > 0 ? { Range: `bytes=${String(at)}-`, ...(version === undefined ? {} : { IfMatch: version }) } : {}
  const answer = await s3.request(async (sdk, client) => {
    try {
      const command = new sdk.GetObjectCommand({ ...addressOf(s3, ref.sha256), ...rest })
      return await client.send(command, optionsOf(signal))
    } catch (error) {
      if (error instanceof sdk.NoSuchKey) throw new ArtifactMissing(`${describe(s3, ref)} is not there`)
      throw error
    }
  }, signal)
  // In Node the body is always a stream of Node's.
  const body = answer.Body as Readable & AsyncIterable<Buffer>
  const size = at + (answer.ContentLength ?? 0)
  if (size !== ref.size) {
    body.destroy()
    throw new ArtifactCorrupted(`${describe(s3, ref)} has ${String(size)} bytes instead of ${String(ref.size)}`)
  }
  return { body, tag: answer.ETag }
}

/** Names an artifact and its place in a message. */
export function describe(s3: S3Client, { sha256, format }: ArtifactRef): string {
  return `the artifact ${sha256} (${format}) in the bucket ${s3.settings.bucket}`
}
