import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ApiError, invalid } from '../api-error.ts'
import { blockSize } from '../block-size.ts'
import { defaultKmsKey } from '../encryption.ts'
import { freshId } from '../identity.ts'
import { blocksOf } from '../layers.ts'
import type { SnapshotRecord } from '../records.ts'
import { settingsOf } from '../settings.ts'
import { isVisible, stateOfSnapshot, type Place, type World } from '../world.ts'

const startRequest = z.strictObject({
  VolumeSize: z.int().min(1).max(65_536),
  Description: z.string().max(255).optional(),
  ClientToken: z.string().max(255).regex(/^\S+$/).optional(),
  ParentSnapshotId: z
    .string()
    .regex(/^snap-[0-9a-f]+$/)
    .optional(),
  Encrypted: z.boolean().optional(),
  KmsKeyArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[a-f0-9-]{36}$/)
    .optional(),
  Timeout: z.int().min(10).max(4320).optional(),
  Tags: z
    .array(z.strictObject({ Key: z.string().min(1).max(127), Value: z.string().max(255) }))
    .max(50)
    .optional(),
})

/** StartSnapshot: the same client token with the same request is the same snapshot. */
export async function startSnapshot(world: World, place: Place, body: Buffer): Promise<object> {
  const parsed = startRequest.safeParse(parseJson(body))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid('INVALID_PARAMETER_VALUE', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }
  const { ClientToken: token = null, Tags: tags = [], ...asked } = parsed.data
  const requestDigest = createHash('sha256')
    .update(JSON.stringify([asked, tags]))
    .digest('hex')
  const known = world.snapshots
    .all()
    .find((one) => token !== null && one.token === token && one.owner === place.owner && one.region === place.region)
  if (known && known.requestDigest !== requestDigest)
    throw new ApiError(409, 'ConflictException', 'The client token was used for a request that is not identical.')
  if (known) return startAnswer(known)
  const parent = asked.ParentSnapshotId === undefined ? null : parentFor(world, place, asked.ParentSnapshotId, asked)
  const snapshot: SnapshotRecord = {
    id: freshId('snap'),
    ...place,
    description: asked.Description ?? '',
    volumeSize: asked.VolumeSize,
    tags: tags.map((tag) => ({ key: tag.Key, value: tag.Value })),
    startedAt: world.now().getTime(),
    timeoutMinutes: asked.Timeout ?? 60,
    token,
    requestDigest,
    sealedAt: null,
    blocks: 0,
    deletedAt: null,
    public: false,
    kmsKeyId: parent === null ? keyFor(world, place, asked) : parent.kmsKeyId,
    copyOf: null,
    parent: parent?.id ?? null,
  }
  await world.snapshots.save(snapshot)
  return startAnswer(snapshot)
}

/**
 * The parent of an incremental snapshot: completed, of the caller's own in the region, not larger than what is started. The
 * snapshot is encrypted as its parent is, and every wish about that is refused, encryption by default included where the parent
 * is not encrypted (EBS guide, "Encryption outcomes": unencrypted and encrypted parent snapshot).
 */
function parentFor(
  world: World,
  place: Place,
  id: string,
  { Encrypted: wanted, KmsKeyArn: key, VolumeSize: size }: z.infer<typeof startRequest>,
): SnapshotRecord {
  if (wanted !== undefined)
    throw invalid('INVALID_PARAMETER_VALUE', 'ParentSnapshotId and Encrypted cannot be in the same request')
  const parent = knownSnapshot(world, place, id)
  if (stateOfSnapshot(world, parent) !== 'completed')
    throw invalid('INVALID_SNAPSHOT_ID', `The parent snapshot ${id} is not completed`)
  if (key !== undefined) throw invalid('INVALID_PARAMETER_VALUE', 'The key is that of the parent snapshot, if any')
  if (parent.kmsKeyId === null && settingsOf(world, place).ebsEncryptionByDefault)
    throw invalid('INVALID_PARAMETER_VALUE', 'Encryption by default is on, so the parent snapshot must be encrypted')
  if (size < parent.volumeSize)
    throw invalid(
      'INVALID_VOLUME_SIZE',
      `A volume of ${String(size)} GiB is smaller than the parent snapshot of ${String(parent.volumeSize)} GiB`,
    )
  return parent
}

/** The key of a new snapshot (EBS guide, "Encryption outcomes: No parent snapshot"), null when it is not encrypted. */
function keyFor(world: World, place: Place, asked: Pick<z.infer<typeof startRequest>, 'Encrypted' | 'KmsKeyArn'>) {
  const { Encrypted: wanted, KmsKeyArn: key } = asked
  const byDefault = settingsOf(world, place).ebsEncryptionByDefault
  if (wanted === false && (byDefault || key !== undefined))
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      'A snapshot that is to be unencrypted takes no key, nor encryption by default',
    )
  if (key !== undefined) return key
  return wanted === true || (wanted === undefined && byDefault) ? defaultKmsKey(place) : null
}

/** CompleteSnapshot: only with the right count of blocks and, when given, the right linear checksum. */
export async function completeSnapshot(
  world: World,
  place: Place,
  id: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Promise<object> {
  const snapshot = openSnapshot(world, place, id)
  const claimed = String(headers['x-amz-changedblockscount'] ?? '')
  const checksum = headers['x-amz-checksum']
  const { count, checksum: found } = await world.blocks.sum(id)
  if (claimed !== String(count))
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      `ChangedBlocksCount is ${claimed}, but ${String(count)} blocks were written`,
    )
  if (checksum !== undefined) {
    if (headers['x-amz-checksum-algorithm'] !== 'SHA256' || headers['x-amz-checksum-aggregation-method'] !== 'LINEAR')
      throw invalid(
        'INVALID_PARAMETER_VALUE',
        'A checksum needs the algorithm SHA256 and the aggregation method LINEAR',
      )
    if (checksum !== found) throw invalid('INVALID_PARAMETER_VALUE', 'The linear checksum does not match the blocks')
  }
  const { length: blocks } = await blocksOf(world, snapshot)
  // Somebody else may have completed it meanwhile.
  const still = openSnapshot(world, place, id)
  await world.snapshots.save({ ...still, sealedAt: world.now().getTime(), blocks })
  await world.blocks.close(id)
  return { Status: 'pending' }
}

/** A snapshot that takes blocks. Throws when it is not there, completed, or given up. */
export function openSnapshot(world: World, place: Place, id: string): SnapshotRecord {
  const snapshot = knownSnapshot(world, place, id)
  if (snapshot.sealedAt !== null || stateOfSnapshot(world, snapshot) !== 'pending')
    throw invalid('INVALID_SNAPSHOT_ID', `The snapshot ${id} is not in the pending state`)
  return snapshot
}

/** A snapshot of the caller's. */
export function knownSnapshot(world: World, place: Place, id: string): SnapshotRecord {
  const snapshot = world.snapshots.get(id)
  const there = snapshot && snapshot.region === place.region && snapshot.owner === place.owner
  if (!there || snapshot.deletedAt !== null || !isVisible(world, snapshot.startedAt, null))
    throw new ApiError(404, 'ResourceNotFoundException', `The snapshot '${id}' does not exist.`, 'SNAPSHOT_NOT_FOUND')
  return snapshot
}

/** Always the first answer, whatever became of the snapshot since. */
function startAnswer(snapshot: SnapshotRecord): object {
  return {
    SnapshotId: snapshot.id,
    OwnerId: snapshot.owner,
    Status: 'pending',
    StartTime: snapshot.startedAt / 1000,
    VolumeSize: snapshot.volumeSize,
    BlockSize: blockSize,
    Description: snapshot.description,
    Tags: snapshot.tags.map((tag) => ({ Key: tag.key, Value: tag.value })),
    ...(snapshot.parent === null ? {} : { ParentSnapshotId: snapshot.parent }),
    ...(snapshot.kmsKeyId === null ? {} : { KmsKeyArn: snapshot.kmsKeyId }),
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw invalid('INVALID_PARAMETER_VALUE', 'The request body is not JSON')
  }
}
