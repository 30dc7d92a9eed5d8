import type { IncomingMessage } from 'node:http'
import { ApiError } from '../api-error.ts'
import type { Place, World } from '../world.ts'
import { getBlock, listBlocks, putBlock, type Received } from './blocks.ts'
import { completeSnapshot, startSnapshot } from './snapshots.ts'

/** An answer of the EBS direct API. */
export interface RestAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object | Buffer
}

const snapshot = '(snap-[0-9a-f]{1,59})'
const routes = {
  StartSnapshot: ['POST', /^\/snapshots$/],
  CompleteSnapshot: ['POST', new RegExp(`^/snapshots/completion/${snapshot}$`)],
  PutSnapshotBlock: ['PUT', new RegExp(String.raw`^/snapshots/${snapshot}/blocks/(\d{1,9})$`)],
  GetSnapshotBlock: ['GET', new RegExp(String.raw`^/snapshots/${snapshot}/blocks/(\d{1,9})$`)],
  ListSnapshotBlocks: ['GET', new RegExp(`^/snapshots/${snapshot}/blocks$`)],
} as const
type Operation = keyof typeof routes

/** Which operation a request asks for, and of what. */
export interface RestRequest {
  readonly operation: Operation
  readonly id: string
  readonly index: number
  readonly query: URLSearchParams
}

/** Finds the operation of a request. Throws ApiError when there is none. */
export function routeRequest(method: string, target: string): RestRequest {
  const url = new URL(target, 'http://localhost')
  for (const [operation, [verb, path]] of Object.entries(routes) as [Operation, (typeof routes)[Operation]][]) {
    const parts = path.exec(url.pathname)
    if (verb === method && parts)
      return { operation, id: parts[1] ?? '', index: Number(parts[2] ?? '0'), query: url.searchParams }
  }
  throw new ApiError(404, 'UnknownOperationException', `${method} ${url.pathname} is no operation of this service`)
}

/** Answers one request of the EBS direct API. Throws ApiError. */
export async function answerRest(
  world: World,
  place: Place,
  { operation, id, index, query }: RestRequest,
  headers: IncomingMessage['headers'],
  received: Received,
): Promise<RestAnswer> {
  switch (operation) {
    case 'StartSnapshot':
      return { status: 201, body: await startSnapshot(world, place, received.bytes) }
    case 'CompleteSnapshot':
      return { status: 202, body: await completeSnapshot(world, place, id, headers) }
    case 'PutSnapshotBlock': {
      const checksum = await putBlock(world, place, { id, index }, headers, received)
      return { status: 201, headers: checksumHeaders(checksum), body: {} }
    }
    case 'ListSnapshotBlocks':
      return { status: 200, body: await listBlocks(world, place, id, query) }
    case 'GetSnapshotBlock': {
      const { bytes, digest } = await getBlock(world, place, id, index, query)
      const length = { 'x-amz-data-length': String(bytes.length) }
      return { status: 200, headers: { ...length, ...checksumHeaders(digest.toString('base64')) }, body: bytes }
    }
  }
}

function checksumHeaders(checksum: string): Record<string, string> {
  return { 'x-amz-checksum': checksum, 'x-amz-checksum-algorithm': 'SHA256' }
}
