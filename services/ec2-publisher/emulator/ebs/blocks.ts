import { blockSize } from '../block-size.ts'
import { ApiError, invalid } from '../api-error.ts'
import { blockOf, blocksOf } from '../layers.ts'
import type { SnapshotRecord } from '../records.ts'
import { stateOfSnapshot, type Place, type World } from '../world.ts'
import { knownSnapshot, openSnapshot } from './snapshots.ts'

const gibibyte = 1024 ** 3
const tokenLife = 7 * 24 * 3_600_000

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** A block as it came in: its bytes, and their SHA-256, computed while they came. */
export interface Received {
  readonly bytes: Buffer
  readonly digest: Buffer
}

/** PutSnapshotBlock: 512 KiB with the right checksum, into a snapshot that is pending; again means over. */
export async function putBlock(
  world: World,
  place: Place,
  at: { readonly id: string; readonly index: number },
  headers: Headers,
  { bytes, digest }: Received,
): Promise<string> {
  const snapshot = openSnapshot(world, place, at.id)
  if (at.index >= (snapshot.volumeSize * gibibyte) / blockSize)
    throw invalid(
      'INVALID_BLOCK',
      `The block ${String(at.index)} is outside a volume of ${String(snapshot.volumeSize)} GiB`,
    )
  if (headers['x-amz-data-length'] !== String(blockSize) || bytes.length !== blockSize)
    throw invalid('INVALID_BLOCK', `A block has ${String(blockSize)} bytes, this one has ${String(bytes.length)}`)
  if (headers['x-amz-checksum-algorithm'] !== 'SHA256')
    throw invalid('INVALID_PARAMETER_VALUE', 'The only checksum algorithm is SHA256')
  const checksum = digest.toString('base64')
  if (headers['x-amz-checksum'] !== checksum)
    throw invalid('INVALID_BLOCK', `The checksum of the block is ${checksum}, not ${String(headers['x-amz-checksum'])}`)
  await world.blocks.put(at.id, at.index, bytes, digest)
  return checksum
}

/** ListSnapshotBlocks: the blocks that were written to it or to those before it, of a completed snapshot only, page by page. */
export async function listBlocks(world: World, place: Place, id: string, query: URLSearchParams): Promise<object> {
  const snapshot = readable(world, place, id)
  const most = Number(query.get('maxResults') ?? '10000')
  if (!Number.isInteger(most) || most < 100 || most > 10_000)
    throw invalid('INVALID_PARAMETER_VALUE', 'MaxResults is from 100 to 10000')
  const from = query.get('pageToken') === null ? Number(query.get('startingBlockIndex') ?? '0') : pageStart(query)
  const left = (await blocksOf(world, snapshot)).filter((index) => index >= from)
  const expiry = world.now().getTime() + tokenLife
  const next = left[most]
  return {
    Blocks: left.slice(0, most).map((index) => ({ BlockIndex: index, BlockToken: tokenOf(id, index, expiry) })),
    ExpiryTime: expiry / 1000,
    VolumeSize: snapshot.volumeSize,
    BlockSize: blockSize,
    ...(next === undefined ? {} : { NextToken: Buffer.from(`page ${String(next)}`).toString('base64') }),
  }
}

/** GetSnapshotBlock: one block, with the token that the list gave for it. */
export async function getBlock(
  world: World,
  place: Place,
  id: string,
  index: number,
  query: URLSearchParams,
): Promise<Received> {
  const snapshot = readable(world, place, id)
  assertToken(query.get('blockToken') ?? '', id, index, world.now())
  const block = await blockOf(world, snapshot, index)
  if (!block) throw invalid('INVALID_BLOCK', `The block ${String(index)} was never written`)
  return block
}

function readable(world: World, place: Place, id: string): SnapshotRecord {
  const snapshot = knownSnapshot(world, place, id)
  if (snapshot.public)
    throw new ApiError(403, 'AccessDeniedException', 'Public snapshots cannot be read', 'DEPENDENCY_ACCESS_DENIED')
  if (stateOfSnapshot(world, snapshot) !== 'completed')
    throw invalid('INVALID_SNAPSHOT_ID', `The snapshot ${id} is not completed`)
  return snapshot
}

function tokenOf(id: string, index: number, expiry: number): string {
  return Buffer.from(`${id}/${String(index)}/${String(expiry)}`).toString('base64')
}

function assertToken(token: string, id: string, index: number, now: Date): void {
  const expiry = Number(Buffer.from(token, 'base64').toString('utf8').split('/')[2] ?? '0')
  if (token !== tokenOf(id, index, expiry) || expiry < now.getTime())
    throw invalid('INVALID_BLOCK_TOKEN', 'The block token is not valid for this block')
}

function pageStart(query: URLSearchParams): number {
  const page = /^page (\d+)$/.exec(Buffer.from(query.get('pageToken') ?? '', 'base64').toString('utf8'))?.[1]
  if (page === undefined) throw invalid('INVALID_PAGE_TOKEN', 'The page token is not valid')
  return Number(page)
}
