import type { Reply } from '#publishing/http.ts'
import type { Connection } from './connection.ts'
import { codeOf, failureOf } from './failure.ts'
import { elementsAt, parseXml, textAt, textWithin, type Element } from '#markup/xml.ts'

/** The newest version of the EC2 API that euca2ools asks for, and that Eucalyptus 4.3 and newer bind. */
const version = '2015-10-01'

/** The EC2 API of one cloud. */
export interface Compute {
  readonly connection: Connection
  readonly url: URL
}

export interface Image {
  readonly id: string
  readonly name: string
  /** `bucket/folder/name.manifest.xml` */
  readonly location: string
  readonly owner: string
  /** `available`; one that is deregistered is listed no more. */
  readonly state: string
  readonly isPublic: boolean
}

type Parameters = Readonly<Record<string, string>>

/** The images of our account, all or those of a name. */
export async function listImages(compute: Compute, signal: AbortSignal, name?: string): Promise<Image[]> {
  const filter: Parameters = name === undefined ? {} : { 'Filter.1.Name': 'name', 'Filter.1.Value.1': name }
  const reply = await ask(compute, 'DescribeImages', { 'Owner.1': 'self', ...filter }, signal)
  const root = rootOf(compute, 'listing the images', reply)
  return elementsAt(root, 'imagesSet', 'item')
    .map(imageOf)
    .filter((one) => name === undefined || one.name === name)
}

/** The image of an id as its account sees it; null when it is not there. */
export async function findImage(compute: Compute, id: string, signal: AbortSignal): Promise<Image | null> {
  const filter = { 'Filter.1.Name': 'image-id', 'Filter.1.Value.1': id }
  const reply = await ask(compute, 'DescribeImages', filter, signal)
  const [item] = elementsAt(rootOf(compute, `looking for ${id}`, reply), 'imagesSet', 'item')
  return item === undefined ? null : imageOf(item)
}

export interface Registered {
  readonly name: string
  readonly description: string
  readonly architecture: string
  readonly location: string
}

/** Registers a bundle of a whole disk. Null: the name is taken. */
export async function registerImage(
  compute: Compute,
  { name, description, architecture, location }: Registered,
  signal: AbortSignal,
): Promise<string | null> {
  const asked = {
    Name: name,
    Description: description,
    Architecture: architecture,
    ImageLocation: location,
    VirtualizationType: 'hvm',
  }
  const reply = await ask(compute, 'RegisterImage', asked, signal)
  if (codeOf(reply) === 'InvalidAMIName.Duplicate') return null
  const doing = `registering ${name} from ${location}`
  const id = textAt(rootOf(compute, doing, reply), 'imageId')
  if (id === null) throw failureOf(compute.connection, doing, reply, 'no imageId came')
  return id
}

/** Sets tags, which people look by; those that are set stay as they are. */
export async function tagImage(compute: Compute, id: string, tags: Parameters, signal: AbortSignal): Promise<void> {
  const pairs = Object.entries(tags).flatMap(([key, value], index) => [
    [`Tag.${String(index + 1)}.Key`, key],
    [`Tag.${String(index + 1)}.Value`, value],
  ])
  const reply = await ask(compute, 'CreateTags', { 'ResourceId.1': id, ...Object.fromEntries(pairs) }, signal)
  rootOf(compute, `tagging ${id}`, reply)
}

/** Lets everybody launch an image, or only our account. */
export async function setPublic(compute: Compute, id: string, isPublic: boolean, signal: AbortSignal): Promise<void> {
  const change = { [`LaunchPermission.${isPublic ? 'Add' : 'Remove'}.1.Group`]: 'all' }
  const reply = await ask(compute, 'ModifyImageAttribute', { ImageId: id, ...change }, signal)
  rootOf(compute, `${isPublic ? 'opening' : 'closing'} ${id}`, reply)
}

/**
 * Removes an image: the first call takes it from the lists, the second removes its record (`Images.deregisterImage`); without
 * the second the cloud does so by itself after a while. Whether it was there.
 */
export async function deregisterImage(compute: Compute, id: string, signal: AbortSignal): Promise<boolean> {
  const first = await deregister(compute, id, signal)
  if (first) await deregister(compute, id, signal)
  return first
}

async function deregister(compute: Compute, id: string, signal: AbortSignal): Promise<boolean> {
  const reply = await ask(compute, 'DeregisterImage', { ImageId: id }, signal)
  const code = codeOf(reply)
  // Unavailable: machines that were launched from it still run, and hold the record.
  if (code === 'InvalidAMIID.NotFound' || code === 'InvalidAMIID.Unavailable') return false
  rootOf(compute, `deregistering ${id}`, reply)
  return true
}

async function ask({ connection, url }: Compute, action: string, asked: Parameters, signal: AbortSignal) {
  const body = new URLSearchParams({ Action: action, Version: version, ...asked }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return await connection.ask({ service: 'ec2', method: 'POST', url, headers, body }, signal)
}

function rootOf({ connection }: Compute, doing: string, reply: Reply): Element {
  const root = reply.status === 200 ? parseXml(reply.text) : null
  if (root === null) throw failureOf(connection, doing, reply)
  return root
}

function imageOf(item: Element): Image {
  return {
    id: textAt(item, 'imageId') ?? '',
    name: textAt(item, 'name') ?? '',
    location: textAt(item, 'imageLocation') ?? '',
    owner: textAt(item, 'imageOwnerId') ?? '',
    state: textWithin(item, 'imageState') ?? '',
    isPublic: textAt(item, 'isPublic') === 'true',
  }
}
