import { refused } from '../api-error.ts'
import { freshId } from '../identity.ts'
import type { ImageRecord } from '../records.ts'
import type { Action, Call } from './action.ts'
import { parseMappings } from './block-device-mappings.ts'
import type { Parameters } from './parameters.ts'
import { parseTags } from './tags.ts'

const architectures = ['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac']

/** RegisterImage: makes an AMI of a completed snapshot. It knows no client token: its name is what makes it unique. */
export const registerImage: Action = {
  takes:
    'Name Description Architecture RootDeviceName VirtualizationType EnaSupport SriovNetSupport BootMode TpmSupport ' +
    'ImdsSupport UefiData KernelId RamdiskId ImageLocation BillingProduct.N BlockDeviceMapping.N.DeviceName ' +
    'BlockDeviceMapping.N.VirtualName BlockDeviceMapping.N.NoDevice BlockDeviceMapping.N.Ebs.SnapshotId ' +
    'BlockDeviceMapping.N.Ebs.VolumeSize BlockDeviceMapping.N.Ebs.VolumeType BlockDeviceMapping.N.Ebs.Encrypted ' +
    'BlockDeviceMapping.N.Ebs.DeleteOnTermination BlockDeviceMapping.N.Ebs.Iops BlockDeviceMapping.N.Ebs.Throughput ' +
    'BlockDeviceMapping.N.Ebs.KmsKeyId TagSpecification.N.ResourceType TagSpecification.N.Tag.N.Key ' +
    'TagSpecification.N.Tag.N.Value',
  async run(call) {
    const { world, parameters, region, owner } = call
    const name = freeName(call)
    const machine = parseMachine(parameters)
    const rootDeviceName = parameters.text('RootDeviceName') ?? '/dev/sda1'
    const mappings = parseMappings(call)
    const root = mappings.find((one) => one.deviceName === rootDeviceName)
    if (root?.snapshotId === undefined || root.snapshotId === null)
      throw refused('InvalidBlockDeviceMapping', `The root device ${rootDeviceName} must be mapped to a snapshot`)
    const tags = parseTagSpecifications(parameters)
    const image: ImageRecord = {
      ...machine,
      id: freshId('ami'),
      region,
      owner,
      name,
      description: parseDescription(parameters),
      rootDeviceName,
      mappings,
      tags: tags.image,
      createdAt: world.now().getTime(),
      deregisteredAt: null,
      public: false,
      source: null,
      failure: null,
      deprecatedFrom: null,
      protected: false,
      watermarks: [],
    }
    await world.images.save(image)
    const snapshot = world.snapshots.get(root.snapshotId)
    if (snapshot && tags.snapshot.length > 0)
      await world.snapshots.save({ ...snapshot, tags: [...snapshot.tags, ...tags.snapshot] })
    return { imageId: image.id }
  },
}

/** The name that is asked for, when it is well-formed and free. */
export function freeName({ world, parameters, region, owner }: Call): string {
  const name = parameters.required('Name')
  if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name))
    throw refused(
      'InvalidAMIName.Malformed',
      `AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'`,
    )
  const taken = world.images
    .all()
    .find((one) => one.name === name && one.owner === owner && one.region === region && one.deregisteredAt === null)
  if (taken) throw refused('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${taken.id}`)
  return name
}

/** A description of at most 255 characters, or null. */
export function parseDescription(parameters: Parameters): string | null {
  const description = parameters.text('Description')
  if (description !== null && description.length > 255)
    throw refused('InvalidParameterValue', 'Description exceeds the maximum length of 255 characters')
  return description
}

/** What the machine is that the image wants. The defaults are AWS's documented ones, old as they are. */
function parseMachine(parameters: Parameters) {
  const architecture = parameters.oneOf('Architecture', architectures) ?? 'i386'
  const virtualizationType = parameters.oneOf('VirtualizationType', ['hvm', 'paravirtual']) ?? 'paravirtual'
  const bootMode = parameters.oneOf('BootMode', ['legacy-bios', 'uefi', 'uefi-preferred'])
  const tpmSupport = parameters.oneOf('TpmSupport', ['v2.0'])
  const imdsSupport = parameters.oneOf('ImdsSupport', ['v2.0'])
  const sriovNetSupport = parameters.oneOf('SriovNetSupport', ['simple'])
  const enaSupport = parameters.flag('EnaSupport')
  const refuse = (what: string) => refused('InvalidParameterCombination', what)
  if (virtualizationType === 'paravirtual' && (enaSupport || sriovNetSupport !== null))
    throw refuse('Enhanced networking is supported only for HVM AMIs')
  if (virtualizationType === 'paravirtual' && bootMode !== null && bootMode !== 'legacy-bios')
    throw refuse(`The boot mode ${bootMode} is supported only for HVM AMIs`)
  if (architecture === 'arm64' && virtualizationType !== 'hvm')
    throw refuse('The architecture arm64 is supported only for HVM AMIs')
  if (architecture === 'i386' && bootMode !== null && bootMode !== 'legacy-bios')
    throw refuse(`The boot mode ${bootMode} is not supported for the architecture i386`)
  if (architecture === 'arm64' && bootMode !== null && bootMode !== 'uefi')
    throw refuse(`The boot mode ${bootMode} is not supported for the architecture arm64`)
  if (tpmSupport !== null && bootMode !== 'uefi') throw refuse('NitroTPM is supported only with the boot mode uefi')
  if (parameters.text('UefiData') !== null && bootMode !== 'uefi' && bootMode !== 'uefi-preferred')
    throw refuse('UEFI data is supported only with the boot mode uefi')
  return { architecture, virtualizationType, bootMode, tpmSupport, imdsSupport, sriovNetSupport, enaSupport }
}

/** The tags for the image and for its snapshots. */
export function parseTagSpecifications(parameters: Parameters) {
  const specifications = parameters.groups('TagSpecification').map((one) => ({
    type: one.oneOf('ResourceType', ['image', 'snapshot']) ?? '',
    tags: parseTags(one),
  }))
  const of = (type: string) => specifications.filter((one) => one.type === type).flatMap((one) => one.tags)
  if (specifications.some((one) => one.type === ''))
    throw refused('MissingParameter', 'Tag specification resource type must have a value')
  return { image: of('image'), snapshot: of('snapshot') }
}
