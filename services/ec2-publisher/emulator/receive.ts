import { hash } from 'node:crypto'
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

/** By its events: an iterator would make a promise for each of the eight chunks of a block. */
async function readInto(buffer: Buffer, request: IncomingMessage): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let length = 0
  const onData = (chunk: Buffer) => {
    if (length + chunk.length <= buffer.length) chunk.copy(buffer, length)
    length += chunk.length
    if (length > buffer.length)
      reject(new ApiError(413, 'RequestEntityTooLarge', `A request body has at most ${String(buffer.length)} bytes`))
  }
  request
    .on('data', onData)
    .once('end', () => {
      resolve(length)
    })
    .once('error', reject)
    // A client that goes away in the middle of its request sends no more, and no error either.
    .once('close', () => {
      reject(new Error('the client has gone away'))
    })
  const bytes = buffer.subarray(0, await promise)
  return { bytes, digest: hash('sha256', bytes, 'buffer') }
}
