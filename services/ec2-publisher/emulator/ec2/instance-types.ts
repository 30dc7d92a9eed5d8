/** What a type of instance is, as DescribeInstanceTypes tells it. */
export interface InstanceType {
  readonly architectures: readonly string[]
  readonly bootModes: readonly string[]
  readonly isNitro: boolean
  readonly hasTpm: boolean
  /** Its network is reached by ENA alone. */
  readonly needsEna: boolean
}

const xen = {
  architectures: ['i386', 'x86_64'],
  bootModes: ['legacy-bios'],
  isNitro: false,
  hasTpm: false,
  needsEna: false,
}
const nitro = {
  architectures: ['x86_64'],
  bootModes: ['legacy-bios', 'uefi'],
  isNitro: true,
  hasTpm: true,
  needsEna: true,
}
const graviton = { architectures: ['arm64'], bootModes: ['uefi'], isNitro: true, hasTpm: false, needsEna: true }

/** Some types of each kind (EC2 guide, "Instance types" and "Requirements to use NitroTPM"). */
export const instanceTypes: Readonly<Record<string, InstanceType>> = {
  't2.nano': xen,
  't2.micro': xen,
  't2.small': xen,
  't3.nano': nitro,
  't3.micro': nitro,
  't3.small': nitro,
  't3a.micro': nitro,
  'm5.large': nitro,
  'm5.metal': { ...nitro, hasTpm: false },
  'c6i.large': nitro,
  't4g.nano': graviton,
  't4g.micro': graviton,
  't4g.small': graviton,
  'c7g.medium': graviton,
}
