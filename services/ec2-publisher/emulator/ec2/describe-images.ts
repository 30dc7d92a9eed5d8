import { refused } from '../api-error.ts'
import type { ImageRecord } from '../records.ts'
import { isVisible, stateOfImage, type World } from '../world.ts'
import type { Action, Call } from './action.ts'
import { applyFilters, type Look } from './filters.ts'
import { imageOf } from './lookup.ts'
import { mappingXml, tagSetXml } from './shapes.ts'
import type { Xml } from './xml.ts'

/** DescribeImages: one's own images and those that are public. */
export const describeImages: Action = {
  takes:
    'ImageId.N Owner.N ExecutableBy.N Filter.N.Name Filter.N.Value.N IncludeDeprecated IncludeDisabled MaxResults NextToken',
  run(call) {
    const { world, parameters } = call
    const ids = parameters.texts('ImageId')
    const seen = allSeen(call)
    for (const id of ids) if (!seen.some((one) => one.id === id)) imageOf(call, id)
    const asked = ids.length === 0 ? seen.filter(isListed(call)) : seen.filter((one) => ids.includes(one.id))
    const found = applyFilters(asked.filter(byOwner(call)).filter(byPermission(call)), parameters, filtersOf(world))
    return { imagesSet: found.map((image) => imageXml(world, image)) }
  },
}

/** DescribeImageAttribute: one attribute of an AMI of one's own. */
export const describeImageAttribute: Action = {
  takes: 'ImageId Attribute',
  run(call) {
    const image = imageOf(call, call.parameters.required('ImageId'))
    const attribute = call.parameters.required('Attribute')
    const values: Readonly<Record<string, Xml>> = {
      description: { value: image.description },
      launchPermission: image.public ? [{ group: 'all' }] : [],
      blockDeviceMapping: image.mappings.map(mappingXml),
      bootMode: { value: image.bootMode },
      tpmSupport: { value: image.tpmSupport },
      imdsSupport: { value: image.imdsSupport },
      sriovNetSupport: { value: image.sriovNetSupport },
      lastLaunchedTime: { value: call.world.launchedAt(image.id)?.toISOString() },
      deregistrationProtection: { value: protectionOf(image) },
    }
    if (!Object.hasOwn(values, attribute))
      throw refused('InvalidParameterValue', `Invalid value '${attribute}' for attribute.`)
    return { imageId: image.id, [attribute]: values[attribute] }
  },
}

function allSeen({ world, region, owner }: Call): ImageRecord[] {
  return world.images
    .all()
    .filter((one) => one.region === region && (one.owner === owner || one.public))
    .filter((one) => isVisible(world, one.createdAt, one.deregisteredAt))
}

/** A deprecated image is listed to others only when they ask for it, or by its id (EC2 guide, "Deprecate an AMI"). */
function isListed({ world, owner, parameters }: Call): (image: ImageRecord) => boolean {
  const now = world.now().getTime()
  return ({ owner: its, deprecatedFrom }) =>
    its === owner || parameters.flag('IncludeDeprecated') || deprecatedFrom === null || now < deprecatedFrom
}

/** ExecutableBy: `all` is for public images, `self` for those that the caller may launch by a permission of its own. */
function byPermission({ parameters }: Call): (image: ImageRecord) => boolean {
  const users = parameters.texts('ExecutableBy')
  return (image) => users.length === 0 || (users.includes('all') && image.public)
}

function protectionOf({ protected: isProtected }: ImageRecord): string {
  return isProtected ? 'enabled-without-cooldown' : 'disabled'
}

function byOwner({ parameters, owner }: Call): (image: ImageRecord) => boolean {
  const owners = parameters.texts('Owner').map((one) => (one === 'self' ? owner : one))
  return (image) => owners.length === 0 || owners.includes(image.owner)
}

/** Every filter that AWS documents; those on what we do not have match nothing. */
function filtersOf(world: World): Record<string, Look<ImageRecord>> {
  const nothing: Look<ImageRecord> = () => []
  const absent =
    'free-tier-eligible image-allowed kernel-id manifest-location owner-alias platform product-code product-code.type ' +
    'public-ssm-parameter-name ramdisk-id source-instance-id state-reason-code ' +
    'state-reason-message'
  return {
    ...Object.fromEntries(absent.split(' ').map((name) => [name, nothing])),
    architecture: (image) => [image.architecture],
    'block-device-mapping.delete-on-termination': (image) => image.mappings.map((one) => one.deleteOnTermination),
    'block-device-mapping.device-name': (image) => image.mappings.map((one) => one.deviceName),
    'block-device-mapping.snapshot-id': (image) => image.mappings.map((one) => one.snapshotId),
    'block-device-mapping.volume-size': (image) => image.mappings.map((one) => one.volumeSize),
    'block-device-mapping.volume-type': (image) => image.mappings.map((one) => one.volumeType),
    'block-device-mapping.encrypted': (image) => image.mappings.map((one) => one.encrypted),
    'creation-date': (image) => [new Date(image.createdAt).toISOString()],
    description: (image) => [image.description],
    'ena-support': (image) => [image.enaSupport],
    hypervisor: () => ['xen'],
    'image-id': (image) => [image.id],
    'image-type': () => ['machine'],
    'is-public': (image) => [image.public],
    name: (image) => [image.name],
    'owner-id': (image) => [image.owner],
    'root-device-name': (image) => [image.rootDeviceName],
    'root-device-type': () => ['ebs'],
    state: (image) => [stateOfImage(world, image)],
    'source-image-id': (image) => [image.source?.id ?? null],
    'source-image-region': (image) => [image.source?.region ?? null],
    'sriov-net-support': (image) => [image.sriovNetSupport],
    'virtualization-type': (image) => [image.virtualizationType],
    'image-watermark.watermark-key': (image) => image.watermarks.map((one) => one.key),
    'image-watermark.source-image-id': (image) => image.watermarks.map((one) => one.imageId),
    'image-watermark.source-image-region': (image) => image.watermarks.map((one) => one.region),
    'image-watermark.source-image-creation-time': (image) => image.watermarks.map((one) => isoOf(one.imageAt)),
    'image-watermark.watermark-creation-time': (image) => image.watermarks.map((one) => isoOf(one.at)),
  }
}

function isoOf(at: number): string {
  return new Date(at).toISOString()
}

function imageXml(world: World, image: ImageRecord): Xml {
  return {
    imageId: image.id,
    imageLocation: `${image.owner}/${image.name}`,
    imageState: stateOfImage(world, image),
    imageOwnerId: image.owner,
    creationDate: new Date(image.createdAt).toISOString(),
    isPublic: image.public,
    architecture: image.architecture,
    imageType: 'machine',
    name: image.name,
    description: image.description,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: image.mappings.map(mappingXml),
    virtualizationType: image.virtualizationType,
    hypervisor: 'xen',
    enaSupport: image.enaSupport,
    sriovNetSupport: image.sriovNetSupport,
    bootMode: image.bootMode,
    tpmSupport: image.tpmSupport,
    imdsSupport: image.imdsSupport,
    tagSet: tagSetXml(image.tags),
    imageWatermarkSet: image.watermarks.map((one) => ({
      watermarkKey: one.key,
      sourceImageRegion: one.region,
      sourceImageId: one.imageId,
      sourceImageCreationTime: isoOf(one.imageAt),
      watermarkCreationTime: isoOf(one.at),
    })),
    stateReason:
      stateOfImage(world, image) === 'failed' ? { code: 'Client.InternalError', message: image.failure } : null,
    sourceImageId: image.source?.id,
    sourceImageRegion: image.source?.region,
    deprecationTime: image.deprecatedFrom === null ? null : new Date(image.deprecatedFrom).toISOString(),
    deregistrationProtection: protectionOf(image),
    platformDetails: 'Linux/UNIX',
    usageOperation: 'RunInstances',
  }
}
