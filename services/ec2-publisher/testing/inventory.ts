import type { Image } from '@aws-sdk/client-ec2'
import { ParameterNotFound, type SSM } from '@aws-sdk/client-ssm'
import { dropBlessed } from '#events/drop-blessed.ts'
import { exampleImage } from '#events/examples.ts'
import type { ArtifactRef } from '#events/vocabulary.ts'
import type { Found } from '#publishing/testing/contract-place.ts'
import type { Clients } from '../emulator/testing/emulated-cloud.ts'
import { newestName } from '../jobs/image-order.ts'
import { isAlive } from '../trial/instances.ts'
import { bytesOf, readBack, type Bench } from './bench.ts'

/** A region as a person sees it. */
export type Region = Clients & { readonly ssm: SSM }

/** What is in a region: of ours and of others, what nobody needs, and, where the publisher does all, what a parameter names. */
export async function inventoryOf(
  region: Region,
  disk: ArtifactRef,
  { artifacts, isFull }: Pick<Bench, 'artifacts'> & { readonly isFull: boolean },
) {
  const { Images: all = [] } = await region.ec2.describeImages({ Owners: ['self'] })
  const { Snapshots: snapshots = [] } = await region.ec2.describeSnapshots({ OwnerIds: ['self'] })
  const images = all.filter(({ State: state }) => state !== 'deregistered')
  const ours: Found[] = []
  for (const { ImageId: id = '', Public: isPublic = false, ...image } of images.filter(isOurs)) {
    const snapshot = image.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? ''
    const back = await readBack({ region }, snapshot, disk.size).catch(() => null)
    ours.push({ id, isPublic, isWhole: back?.equals(await bytesOf(artifacts, disk)) === true })
  }
  const used = new Set(images.flatMap((one) => one.BlockDeviceMappings?.map(({ Ebs: ebs }) => ebs?.SnapshotId)))
  return {
    ours,
    leftovers: [
      ...snapshots.flatMap(({ SnapshotId: id = '' }) => (used.has(id) ? [] : [id])),
      ...(isFull ? await runningIn(region) : []),
    ],
    named: isFull ? await namedIn(region) : [],
    others: images.filter((one) => !isOurs(one)),
  }
}

/** Instances that somebody pays for. */
async function runningIn({ ec2 }: Region): Promise<string[]> {
  const { Reservations: reservations = [] } = await ec2.describeInstances({})
  const instances = reservations.flatMap(({ Instances: all = [] }) => all)
  return instances.filter(isAlive).map(({ InstanceId: id = '', State: state }) => `${id} is ${state?.Name ?? '?'}`)
}

/** The image that the parameter of our kind names; none while there is no parameter. */
async function namedIn({ ssm }: Region): Promise<string[]> {
  const Name = `/imagedrop/${newestName(dropBlessed.example, exampleImage)}`
  try {
    return [(await ssm.getParameter({ Name })).Parameter?.Value ?? '']
  } catch (error) {
    if (error instanceof ParameterNotFound) return []
    throw error
  }
}

function isOurs({ Tags: tags = [] }: Image): boolean {
  return tags.some(({ Key: key }) => key === 'imagedrop:drop')
}
