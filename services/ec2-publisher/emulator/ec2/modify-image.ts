import { refused } from '../api-error.ts'
import type { ImageRecord } from '../records.ts'
import { settingsOf } from '../settings.ts'
import { stateOfImage } from '../world.ts'
import type { Action, Call } from './action.ts'
import { latestForPublic } from './deprecation.ts'
import { imageOf } from './lookup.ts'
import type { Parameters } from './parameters.ts'

/** ModifyImageAttribute: launch permissions and the description, one attribute at a time. */
export const modifyImageAttribute: Action = {
  takes:
    'ImageId Attribute OperationType UserGroup.N UserId.N Value Description.Value LaunchPermission.Add.N.Group ' +
    'LaunchPermission.Add.N.UserId LaunchPermission.Remove.N.Group LaunchPermission.Remove.N.UserId',
  async run(call) {
    const { world, parameters } = call
    const image = imageOf(call, parameters.required('ImageId'))
    const description = parameters.text('Description.Value')
    const groups = groupsOf(call)
    if (description !== null && groups !== null)
      throw refused('InvalidParameterCombination', 'Only one attribute can be modified at a time')
    if (description !== null) {
      await world.images.save({ ...image, description })
      return { return: true }
    }
    if (groups === null) throw refused('InvalidParameterCombination', 'No attributes specified.')
    const other = [...groups.add, ...groups.remove].find((group) => group !== 'all')
    if (other !== undefined) throw invalidItem('group', other)
    if (groups.add.length > 0) assertMayBePublic(call, image)
    const isPublic = groups.add.length > 0 || (image.public && groups.remove.length === 0)
    await world.images.save({ ...image, public: isPublic, deprecatedFrom: deprecationOnceShared(image, isPublic) })
    return { return: true }
  },
}

/** AWS deprecates every public image two years after its creation, if nobody asks for an earlier day (EC2 guide). */
function deprecationOnceShared(image: ImageRecord, isPublic: boolean): number | null {
  return isPublic ? Math.min(image.deprecatedFrom ?? Infinity, latestForPublic(image)) : image.deprecatedFrom
}

/** Both ways of writing it that AWS takes: LaunchPermission.Add.1.Group, or OperationType with UserGroup.1. */
function groupsOf({ parameters }: Call): { add: string[]; remove: string[] } | null {
  const listed = (change: string) => parameters.groups(`LaunchPermission.${change}`).map(groupOf)
  const add = listed('Add')
  const remove = listed('Remove')
  if (add.length + remove.length > 0) return { add, remove }
  if (parameters.text('Attribute') !== 'launchPermission') return null
  const groups = parameters.texts('UserGroup')
  const operation = parameters.oneOf('OperationType', ['add', 'remove'])
  return operation === 'remove' ? { add: [], remove: groups } : { add: groups, remove: [] }
}

/** There are no other accounts here that an image could be shared with. */
function groupOf(item: Parameters): string {
  const account = item.text('UserId')
  if (account !== null && !/^\d{12}$/.test(account)) throw invalidItem('userId', account)
  return item.required('Group')
}

/** "The value of an item added to, or removed from, an image attribute is not valid" (EC2 API, "Error codes"). */
function invalidItem(type: string, value: string) {
  return refused('InvalidAMIAttributeItemValue', `Invalid attribute item value "${value}" for ${type} item type.`)
}

function assertMayBePublic(call: Call, image: ImageRecord): void {
  const { world, region, owner } = call
  if (stateOfImage(world, image) !== 'available')
    throw refused('InvalidAMIID.Unavailable', `The image ID '${image.id}' is not available`)
  if (image.mappings.some((one) => one.encrypted))
    throw refused('UnsupportedOperation', "Encrypted snapshots can't be shared publicly. Specify another snapshot.")
  if (settingsOf(world, call).imageBlockPublicAccess !== 'unblocked')
    throw refused(
      'OperationNotPermitted',
      "You can't publicly share this image because block public access for AMIs is enabled for this account. " +
        'To publicly share the image, you must call the DisableImageBlockPublicAccess API.',
    )
  const others = world.images
    .all()
    .filter((one) => one.public && one.region === region && one.owner === owner)
    .filter((one) => one.deregisteredAt === null && one.id !== image.id)
  if (others.length >= world.publicImageQuota)
    throw refused(
      'ResourceLimitExceeded',
      `You have reached your quota of ${String(world.publicImageQuota)} for the number of public images allowed in ` +
        'this Region. Deregister unused public images or make them private, or request an increase in your public AMIs quota.',
    )
}
