import { createHash, randomBytes } from 'node:crypto'
import { parseXml, textAt } from '#markup/xml.ts'
import { internalFailure, refused } from './api-error.ts'
import { isForMachinery, readObject } from './objects.ts'
import { isSignedBy, unbundle } from './unbundle.ts'
import type { Account, World } from './world.ts'

const gibibyte = 1024 ** 3
/** `ImageConfiguration.DEFAULT_MAX_MANIFEST_SIZE_IN_BYTES` */
const mostOfManifest = 5 * 1024 * 1024

/** `ImageManager.register` */
export async function registerImage(world: World, caller: Account, asked: URLSearchParams) {
  const name = asked.get('Name') ?? ''
  assertName(world, caller, name)
  const description = asked.get('Description')
  if (description !== null && description.length > 255)
    throw refused('InvalidParameter', 'AMI descriptions must be less than 256 characters long')
  const virtualization = (asked.get('VirtualizationType') ?? 'paravirtual').toLowerCase()
  if (virtualization !== 'hvm' && virtualization !== 'paravirtual') throw internalFailure('Unknown virtualization-type')
  const location = asked.get('ImageLocation')
  // There are no snapshots here that an image could be made of.
  if (location === null)
    throw internalFailure(
      'Invalid request:  the request must specify either ImageLocation for an instance-store image or a snapshot for the root device for an EBS image.',
    )
  const { manifest, where } = await readManifestAt(world, location)
  const root = parseXml(manifest)
  if (root === null) throw internalFailure(`Failed to read manifest file: ${location}`)
  // `ImageManifests.lookup`
  if (textAt(root, 'image', 'user') !== caller.accountId) throw refused('AuthFailure', 'Manifest is not accessible')
  if (virtualization === 'paravirtual' && !asked.has('KernelId'))
    throw refused('MissingParameter', 'Kernel ID must be specified')
  const size = Number(textAt(root, 'image', 'size'))
  if (size > world.mostGib * gibibyte)
    throw internalFailure(
      `Cannot register image of size ${String(size)} bytes because it exceeds the configured maximum instance-store image size of ${String(world.mostGib)} GB. Please contact your administrator `,
    )
  const architecture = asked.get('Architecture') ?? textAt(root, 'machine_configuration', 'architecture') ?? 'i386'
  // `ImageMetadata.Architecture.valueOf`
  if (!['i386', 'x86_64', 'other'].includes(architecture))
    throw internalFailure(`No enum constant com.eucalyptus.compute.common.ImageMetadata.Architecture.${architecture}`)
  if (caller.certificate !== undefined && !isSignedBy(caller.certificate, manifest))
    throw refused('InvalidManifest', 'The bundle would not be believed: it is not signed by the key of its user')
  for await (const _ of unbundle(world, manifest, where)) continue
  // Whoever came meanwhile has the name.
  assertName(world, caller, name)
  const id = `emi-${randomBytes(4).toString('hex')}`
  await world.images.save({
    id,
    owner: caller.accountId,
    name,
    description,
    architecture,
    location: location.replace(/^\/*/, ''),
    virtualization,
    manifest: createHash('sha256').update(manifest).digest('hex'),
    state: 'available',
    isPublic: false,
    permissions: [],
    tags: {},
    createdAt: world.now().getTime(),
  })
  return { imageId: id }
}

/** `ImageManager.verifyImageNameAndDescription`, `Images.isImageNameValid` */
function assertName({ images }: World, { accountId }: Account, name: string): void {
  if (!/^[A-Za-z0-9()./_-]{3,128}$/.test(name))
    throw refused(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    )
  const taken = images.all().find((one) => one.owner === accountId && one.name === name && one.state === 'available')
  if (taken) throw refused('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by EMI ${taken.id}`)
}

/** `ImageManifests.requestManifestData`: read by the cloud's own account, which has to be allowed to. */
export async function readManifestAt(world: World, location: string) {
  // `ManifestLocation`
  const [, bucket = '', key = ''] = /^\/*([^/]{2,})\/(.+)$/s.exec(location) ?? []
  if (key === '') throw internalFailure(`Invalid image location: ${location}`)
  const found = await readObject(world, bucket, key)
  if (found === null || !isForMachinery(found.object) || found.bytes.length > mostOfManifest)
    throw internalFailure(`Failed to read manifest file: ${bucket}/${key}`)
  return { manifest: found.bytes.toString('utf8'), where: { bucket, folder: key.slice(0, key.lastIndexOf('/') + 1) } }
}
