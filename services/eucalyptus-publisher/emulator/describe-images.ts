import { refused } from './api-error.ts'
import type { ImageRecord } from './records.ts'
import type { Account, World } from './world.ts'

/** `ImageInfoFilterSupport`, those that bundles have something to do with. */
const filters: Readonly<Record<string, (image: ImageRecord) => string>> = {
  architecture: ({ architecture }) => architecture,
  description: ({ description }) => description ?? '',
  'image-id': ({ id }) => id,
  'image-type': () => 'machine',
  'is-public': ({ isPublic }) => String(isPublic),
  'manifest-location': ({ location }) => location,
  name: ({ name }) => name,
  'owner-id': ({ owner }) => owner,
  'root-device-type': () => 'instance-store',
  state: ({ state }) => state,
  'virtualization-type': ({ virtualization }) => virtualization,
}

/** `ComputeService.describeImages` */
export function describeImages({ images }: World, { accountId }: Account, asked: URLSearchParams) {
  const ids = listOf(asked, 'ImageId')
  const owners = listOf(asked, 'Owner').map((owner) => (owner === 'self' ? accountId : owner))
  const executable = listOf(asked, 'ExecutableBy')
  const tests = filtersIn(asked)
  const seen = images
    .all()
    // `standardStatePredicate`: what is deregistered is in no list, not even by its id.
    .filter(({ state }) => state === 'available')
    .filter((one) => one.owner === accountId || one.isPublic || one.permissions.includes(accountId))
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .filter(({ owner }) => owners.length === 0 || owners.includes(owner))
    .filter(({ isPublic }) => executable.length === 0 || (executable.includes('all') && isPublic))
    .filter((one) => tests.every((test) => test(one)))
  const unknown = ids.find((id) => seen.every((one) => one.id !== id))
  if (unknown !== undefined && tests.length === 0)
    throw refused('InvalidAMIID.NotFound', `The image ID '${unknown}' does not exist`)
  return { imagesSet: seen.map((image) => detailsOf(image, accountId)) }
}

/** `Images.MachineImageDetails` */
function detailsOf(image: ImageRecord, accountId: string) {
  return {
    imageId: image.id,
    imageLocation: image.location,
    imageState: image.state,
    imageOwnerId: image.owner,
    isPublic: image.isPublic,
    architecture: image.architecture,
    imageType: 'machine',
    platform: '',
    name: image.name,
    description: image.description,
    rootDeviceType: 'instance-store',
    // `MachineImageInfo.getRootDeviceName`
    rootDeviceName: image.virtualization === 'hvm' ? '/dev/sda' : '/dev/sda1',
    virtualizationType: image.virtualization,
    // Tags are the caller's own.
    tagSet: image.owner === accountId ? Object.entries(image.tags).map(([key, value]) => ({ key, value })) : [],
    creationDate: new Date(image.createdAt).toISOString(),
  }
}

/** The values of a list: `Owner.1`, `Owner.2`. */
export function listOf(asked: URLSearchParams, name: string): string[] {
  return [...asked].flatMap(([key, value]) => (new RegExp(`^${name}\\.\\d+$`).test(key) ? [value] : []))
}

function filtersIn(asked: URLSearchParams): ((image: ImageRecord) => boolean)[] {
  const names = [...asked].flatMap(([key, value]) => {
    const index = /^Filter\.(\d+)\.Name$/.exec(key)?.[1]
    return index === undefined ? [] : [[index, value] as const]
  })
  return names.map(([index, name]) => {
    const patterns = listOf(asked, `Filter\\.${index}\\.Value`).map(patternOf)
    const tag = /^tag:(.+)$/.exec(name)?.[1]
    const read = tag === undefined ? filters[name] : (image: ImageRecord) => image.tags[tag] ?? ''
    // `Filters.generate`
    if (!read) throw refused('InvalidParameterValue', `The filter '${name}' is invalid`)
    return (image) => patterns.some((pattern) => pattern.test(read(image)))
  })
}

/** `*` and `?` stand for any letters and for one. */
function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}
