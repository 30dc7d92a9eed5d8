import { createHash } from 'node:crypto'
import { refused } from '../api-error.ts'
import { defaultKmsKey } from '../encryption.ts'
import { freshId } from '../identity.ts'
import type { ImageRecord, SnapshotRecord } from '../records.ts'
import { findRegion } from '../regions.ts'
import { settingsOf } from '../settings.ts'
import { stateOfImage, stateOfSnapshot } from '../world.ts'
import type { Action, Call } from './action.ts'
import { imageOf } from './lookup.ts'
import { freeName, parseDescription, parseTagSpecifications } from './register-image.ts'

/** Copies on their way to one region, which AWS does not raise (EBS guide, "Quotas": concurrent snapshot copies). */
const mostAtOnce = 20

/**
 * CopyImage, asked in the region that the copy is for. What the machine is comes along; launch permissions, snapshot
 * permissions, deprecation and protection never do, tags only when asked (EC2 guide, "Copy an Amazon EC2 AMI"). With
 * the client token of an earlier request it gives the copy of that one, whatever became of it since.
 */
export const copyImage: Action = {
  takes:
    'Name SourceImageId SourceRegion ClientToken Description Encrypted KmsKeyId CopyImageTags ' +
    'SnapshotCopyCompletionDurationMinutes TagSpecification.N.ResourceType TagSpecification.N.Tag.N.Key ' +
    'TagSpecification.N.Tag.N.Value',
  async run(call) {
    const { world, parameters, region, owner } = call
    const token = parameters.text('ClientToken')
    const sourceRegion = parameters.required('SourceRegion')
    const sourceId = parameters.required('SourceImageId')
    const asked = ['Name', 'Description', 'Encrypted', 'KmsKeyId', 'CopyImageTags'].map((name) => parameters.text(name))
    const request = createHash('sha256')
      .update(JSON.stringify([sourceRegion, sourceId, asked]))
      .digest('hex')
    const known = world.images
      .all()
      .find((one) => token !== null && one.source?.token === token && one.region === region && one.owner === owner)
    if (known?.source && known.source.request !== request)
      throw refused('IdempotentParameterMismatch', 'The client token was used for a request with other parameters.')
    if (known) return { imageId: known.id }
    const source = sourceOf(call, sourceId, sourceRegion)
    const name = freeName(call)
    assertRoom(call)
    const tags = parseTagSpecifications(parameters)
    const id = freshId('ami')
    const kmsKeyId = keyOf(call, source)
    const mappings: ImageRecord['mappings'] = []
    for (const mapping of source.mappings) {
      const copied = snapshotUnder(call, mapping.snapshotId, { imageId: id, tags: tags.snapshot, kmsKeyId })
      if (copied !== null) await world.snapshots.save(copied)
      mappings.push({ ...mapping, snapshotId: copied?.id ?? null, encrypted: copied !== null && kmsKeyId !== null })
    }
    await world.images.save({
      ...source,
      id,
      region,
      owner,
      name,
      description: parseDescription(parameters) ?? `[Copied ${source.id} from ${sourceRegion}] ${source.name}`,
      mappings,
      tags: [...(parameters.flag('CopyImageTags') ? source.tags : []), ...tags.image],
      createdAt: world.now().getTime(),
      deregisteredAt: null,
      public: false,
      source: { id: source.id, region: sourceRegion, token, request },
      failure: world.copyFails(region),
      deprecatedFrom: null,
      protected: false,
    })
    return { imageId: id }
  },
}

/** An available image of the caller's own, in a region of the same partition. */
function sourceOf(call: Call, id: string, sourceRegion: string): ImageRecord {
  const { world, region } = call
  const [from, to] = [findRegion(sourceRegion, world.optedIn), findRegion(region, world.optedIn)]
  if (from === null) throw refused('InvalidParameterValue', `Invalid source region: ${sourceRegion}`)
  if (from.partition.id !== to?.partition.id)
    throw refused('InvalidParameterValue', `Cross-partition copies are not supported: ${sourceRegion} to ${region}`)
  const image = imageOf({ ...call, region: sourceRegion }, id)
  if (stateOfImage(world, image) !== 'available')
    throw refused('InvalidAMIID.Unavailable', `The image ID '${id}' is not available`)
  return image
}

function assertRoom({ world, region, owner }: Call): void {
  const underway = world.snapshots
    .all()
    .filter((one) => one.copyOf !== null && one.region === region && one.owner === owner && one.deletedAt === null)
    .filter((one) => stateOfSnapshot(world, one) === 'pending')
  if (underway.length >= mostAtOnce)
    throw refused(
      'ResourceLimitExceeded',
      `Too many snapshot copies in progress. The limit is ${String(mostAtOnce)} for this destination region.`,
    )
}

/** Encrypted as asked, where the account encrypts everything, and whenever the source is (EC2 API, CopyImage: Encrypted). */
function keyOf(call: Call, source: ImageRecord): string | null {
  const { world, parameters } = call
  const wasEncrypted = source.mappings.some((one) => one.encrypted)
  const isEncrypted = wasEncrypted || parameters.flag('Encrypted') || settingsOf(world, call).ebsEncryptionByDefault
  return isEncrypted ? (parameters.text('KmsKeyId') ?? defaultKmsKey(call)) : null
}

function snapshotUnder(
  { world, region, owner }: Call,
  snapshotId: string | null,
  { imageId, tags, kmsKeyId }: Pick<SnapshotRecord, 'tags' | 'kmsKeyId'> & { readonly imageId: string },
): SnapshotRecord | null {
  const source = snapshotId === null ? null : world.snapshots.get(snapshotId)
  if (source === null) return null
  const now = world.now().getTime()
  return {
    ...source,
    id: freshId('snap'),
    region,
    owner,
    description: `Copied for DestinationAmi ${imageId} from SourceSnapshot ${source.id}`,
    tags,
    startedAt: now,
    token: null,
    sealedAt: now,
    public: false,
    kmsKeyId,
    copyOf: source.copyOf ?? source.id,
  }
}
