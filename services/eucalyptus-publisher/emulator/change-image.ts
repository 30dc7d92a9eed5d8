import { refused, internalFailure } from './api-error.ts'
import { listOf } from './describe-images.ts'
import type { ImageRecord } from './records.ts'
import type { Account, World } from './world.ts'

/** `ImageManager.modifyImageAttribute` */
export async function modifyImageAttribute(world: World, caller: Account, asked: URLSearchParams) {
  const image = ownImage(world, caller, asked.get('ImageId'), 'Not authorized to modify image attribute')
  // What is not there is no client's mistake to Eucalyptus here.
  if (image === null) throw internalFailure('com.eucalyptus.entities.TransactionExecutionException')
  const [added, removed] = ['Add', 'Remove'].map((change) => ({
    groups: listOfMembers(asked, change, 'Group'),
    users: listOfMembers(asked, change, 'UserId'),
  }))
  const strangers = added?.users.find((user) => !/^\d{12}$/.test(user))
  if (strangers !== undefined) throw internalFailure(`Not a valid userId : ${strangers}`)
  await world.images.save({
    ...image,
    description: asked.get('Description.Value') ?? image.description,
    // `ImageAttribute.LaunchPermission`: where something is added, nothing is removed.
    isPublic: added?.groups.includes('all') === true || (image.isPublic && removed?.groups.includes('all') !== true),
    permissions: [...new Set([...image.permissions, ...(added?.users ?? [])])].filter(
      (user) => removed?.users.includes(user) !== true,
    ),
  })
  return { return: true }
}

/** `ImageManager.deregister`, `Images.deregisterImage`: the first call takes it from the lists, the second removes its record. */
export async function deregisterImage(world: World, caller: Account, asked: URLSearchParams) {
  const id = asked.get('ImageId')
  const image = ownImage(world, caller, id, 'Not authorized to deregister image')
  if (image === null) throw refused('InvalidAMIID.NotFound', `The image ID '${String(id)}' does not exist`)
  await world.images.save({ ...image, state: image.state === 'deregistered' ? 'gone' : 'deregistered' })
  return { return: true }
}

/** `TagManager.createTags`, `TagHelper.validateTags` */
export async function createTags(world: World, caller: Account, asked: URLSearchParams) {
  const tags: Record<string, string> = {}
  for (const [name, key] of asked) {
    const index = /^Tag\.(\d+)\.Key$/.exec(name)?.[1]
    if (index === undefined) continue
    if (/^(aws|euca):/.test(key) || key === '' || key.length > 128)
      throw refused(
        'InvalidParameterValue',
        `Invalid key (max length 128, must not be empty, reserved prefixes [aws:, euca:]): ${key}`,
      )
    tags[key] = asked.get(`Tag.${index}.Value`) ?? ''
  }
  for (const id of listOf(asked, 'ResourceId')) {
    const image = ownImage(world, caller, id, 'Not authorized')
    if (image?.state !== 'available') throw refused('InvalidAMIID.NotFound', `The image ID '${id}' does not exist`)
    const all = { ...image.tags, ...tags }
    // `TagSupport`: ten for each resource, as EC2 had it then.
    if (Object.keys(all).length > 10)
      throw refused('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.')
    await world.images.save({ ...image, tags: all })
  }
  return { return: true }
}

/** `ComputeService.describeImageAttribute`, of launch permissions. */
export function describeImageAttribute(world: World, caller: Account, asked: URLSearchParams) {
  const image = ownImage(world, caller, asked.get('ImageId'), 'Not authorized to describe image attribute')
  if (image === null) throw internalFailure('com.eucalyptus.entities.TransactionExecutionException')
  if (asked.get('Attribute') !== 'launchPermission')
    throw refused('InvalidParameterValue', 'this emulator tells launch permissions only')
  const users = image.permissions.map((userId) => ({ userId }))
  return { imageId: image.id, launchPermission: [...(image.isPublic ? [{ group: 'all' }] : []), ...users] }
}

function ownImage({ images }: World, { accountId }: Account, id: string | null, refusal: string): ImageRecord | null {
  // `CloudMetadatas.isImageIdentifier`
  if (!/^[ae][mkr]i-[0-9a-f]{8}([0-9a-f]{9})?$/i.test(id ?? '')) throw internalFailure(`Invalid id: "${String(id)}"`)
  const image = images.get(id ?? '')
  if (image === null || image.state === 'gone') return null
  if (image.owner !== accountId) throw internalFailure(refusal)
  return image
}

function listOfMembers(asked: URLSearchParams, change: string, member: string): string[] {
  const form = new RegExp(`^LaunchPermission\\.${change}\\.\\d+\\.${member}$`)
  return [...asked].flatMap(([key, value]) => (form.test(key) ? [value] : []))
}
