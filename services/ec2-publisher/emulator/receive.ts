import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { blockSize } from './block-size.ts'
import { ApiError } from './api-error.ts'
import type { Received } from './ebs/blocks.ts'

/**
 * Takes request bodies of up to one block each into buffers that are used again and again: with many connections
 * fresh ones would keep the collector busy and the process large.
 */
export function createReceiver() {
  const free: Buffer[] = []
  return {
    /** The bytes are only good until `release`. */
    async receive(request: IncomingMessage): Promise<Received & { readonly buffer: Buffer }> {
      const buffer = free.pop() ?? Buffer.alloc(blockSize)
      try {
        return { buffer, ...(await readInto(buffer, request)) }
      } catch (error) {
        free.push(buffer)
        throw error
      }
    },
    release({ buffer }: { readonly buffer: Buffer }): void {
      free.push(buffer)
    },
  }
}

async function readInto(buffer: Buffer, request: IncomingMessage): Promise<Received> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (length + chunk.length > buffer.length)
      throw new ApiError(413, 'RequestEntityTooLarge', `A request body has at most ${String(buffer.length)} bytes`)
    chunk.copy(buffer, length)
    hash.update(chunk)
    length += chunk.length
  }
  return { bytes: buffer.subarray(0, length), digest: hash.digest() }
}
