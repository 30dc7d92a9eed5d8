import { createHash } from 'node:crypto'
import { ApiError, refused } from '../api-error.ts'
import { guestOf } from '../guest-of.ts'
import { freshId } from '../identity.ts'
import type { ImageRecord, InstanceRecord } from '../records.ts'
import { isVisible, stateOfImage, stateOfInstance } from '../world.ts'
import type { Action, Call } from './action.ts'
import { instanceTypes, type InstanceType } from './instance-types.ts'
import { instanceXml } from './instances.ts'
import { parseTags } from './tags.ts'

/** Bytes of user data before it is encoded (EC2 API, RunInstances: UserData). */
const mostUserData = 16_384

/**
 * RunInstances, one at a time: an image of one's own or a public one, on a type that can start it. The same client token with the
 * same request is the same instance (EC2 API guide, "Ensuring idempotency").
 */
export const runInstances: Action = {
  takes:
    'ImageId InstanceType MinCount MaxCount ClientToken UserData InstanceInitiatedShutdownBehavior KeyName SubnetId ' +
    'EbsOptimized NetworkInterface.N.DeviceIndex NetworkInterface.N.AssociatePublicIpAddress NetworkInterface.N.SubnetId ' +
    'NetworkInterface.N.DeleteOnTermination MetadataOptions.HttpTokens MetadataOptions.HttpEndpoint ' +
    'TagSpecification.N.ResourceType TagSpecification.N.Tag.N.Key TagSpecification.N.Tag.N.Value',
  async run(call) {
    const { world, parameters, region, owner } = call
    const token = parameters.text('ClientToken')
    const asked = ['ImageId', 'InstanceType', 'UserData', 'InstanceInitiatedShutdownBehavior', 'SubnetId', 'KeyName']
    const tags = instanceTags(call)
    const request = createHash('sha256')
      .update(JSON.stringify([asked.map((name) => parameters.text(name)), tags]))
      .digest('hex')
    const known = world.instances
      .all()
      .find((one) => token !== null && one.token === token && one.region === region && one.owner === owner)
    if (known) return answer(call, assertSame(call, known, request))
    const image = launchable(call)
    const name = parameters.required('InstanceType')
    const type = Object.hasOwn(instanceTypes, name) ? instanceTypes[name] : undefined
    if (!type) throw refused('InvalidParameterValue', `Invalid value '${name}' for InstanceType.`)
    assertFits(name, type, image)
    for (const count of ['MinCount', 'MaxCount'])
      if (parameters.required(count) !== '1') throw refused('InstanceLimitExceeded', `${count}: one at a time here`)
    const userData = parameters.text('UserData') ?? ''
    if (Buffer.from(userData, 'base64').length > mostUserData)
      throw refused('InvalidParameterValue', 'User data is limited to 16384 bytes')
    const shutdown = parameters.oneOf('InstanceInitiatedShutdownBehavior', ['stop', 'terminate'])
    if (!world.hasCapacity(name, region))
      throw new ApiError(
        500,
        'InsufficientInstanceCapacity',
        `We currently do not have sufficient ${name} capacity in the Availability Zone you requested.`,
      )
    const instance: InstanceRecord = {
      id: freshId('i'),
      region,
      owner,
      reservationId: freshId('r'),
      imageId: image.id,
      type: name,
      bootMode: modeOf(type, image),
      userData,
      endsOnShutdown: shutdown === 'terminate',
      token,
      request,
      tags,
      launchedAt: world.now().getTime(),
      endedAt: null,
      reason: null,
    }
    await world.instances.save(instance)
    guestOf(world, instance)
    return answer(call, instance)
  },
}

function assertSame({ world }: Call, known: InstanceRecord, request: string): InstanceRecord {
  if (known.request !== request)
    throw refused('IdempotentParameterMismatch', 'The client token was used for a request with other parameters.')
  if (stateOfInstance(world, known) === 'terminated')
    throw refused('IdempotentInstanceTerminated', `The instance ${known.id} of this client token was terminated.`)
  return known
}

/** An available image of the caller's, or a public one. */
function launchable({ world, parameters, region, owner }: Call): ImageRecord {
  const id = parameters.required('ImageId')
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) throw refused('InvalidAMIID.Malformed', `Invalid id: "${id}"`)
  const image = world.images.get(id)
  const isThere = image?.region === region && isVisible(world, image.createdAt, image.deregisteredAt)
  if (!image || !isThere || (image.owner !== owner && !image.public))
    throw refused('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`)
  if (stateOfImage(world, image) !== 'available')
    throw refused('InvalidAMIID.Unavailable', `The image ID '${id}' is not available`)
  return image
}

/** The machine must be what the image wants (EC2 guide, "Boot modes", "NitroTPM", "Enhanced networking"). */
function assertFits(name: string, type: InstanceType, image: ImageRecord): void {
  if (!type.architectures.includes(image.architecture))
    throw refused(
      'InvalidParameterValue',
      `The architecture '${type.architectures.join(',')}' of the specified instance type does not match the architecture ` +
        `'${image.architecture}' of the specified AMI.`,
    )
  if (image.bootMode !== null && image.bootMode !== 'uefi-preferred' && !type.bootModes.includes(image.bootMode))
    throw refused(
      'UnsupportedOperation',
      `The instance type '${name}' does not support the boot mode '${image.bootMode}'.`,
    )
  if (image.tpmSupport !== null && !type.hasTpm)
    throw refused('UnsupportedOperation', `The instance type '${name}' does not support NitroTPM.`)
  if (type.needsEna && !image.enaSupport)
    throw refused(
      'InvalidParameterCombination',
      `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${name}' instance type.`,
    )
}

/** Without a word of the image's, Intel machines start by BIOS and Graviton by UEFI (EC2 guide, "Default boot mode"). */
function modeOf({ bootModes }: InstanceType, { bootMode }: ImageRecord): string {
  if (bootMode === 'uefi-preferred') return bootModes.includes('uefi') ? 'uefi' : 'legacy-bios'
  return bootMode ?? bootModes[0] ?? 'legacy-bios'
}

function instanceTags({ parameters }: Call) {
  return parameters
    .groups('TagSpecification')
    .filter((one) => one.oneOf('ResourceType', ['instance', 'volume', 'network-interface']) === 'instance')
    .flatMap(parseTags)
}

function answer({ world, owner }: Call, instance: InstanceRecord) {
  return { reservationId: instance.reservationId, ownerId: owner, instancesSet: [instanceXml(world, instance)] }
}
