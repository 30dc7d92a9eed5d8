import type { Facts } from '#image/description.ts'
import { readKernelArguments } from '#image/facts/kernel-arguments.ts'
import { readUnits } from '#image/facts/units.ts'
import type { System } from '../disk/disk.ts'
import { readSettings } from '../disk/settings.ts'
import { accountFacts } from './facts/accounts.ts'
import { diskLayoutFacts } from './facts/disk-layout.ts'
import { fstabFacts } from './facts/fstab.ts'
import { packageFacts } from './facts/packages.ts'
import { packageSourceFacts } from './facts/package-sources.ts'
import { privilegeFacts } from './facts/privileges.ts'
import { sshdFacts } from './facts/sshd.ts'
import { sudoFacts } from './facts/sudo-rules.ts'
import { sysctlFacts } from './facts/sysctl.ts'

/** The parts of what is known of an installed system, what matters most to people first. */
export const sections = [
  'settings',
  'packages',
  'units',
  'kernel arguments',
  'disk layout',
  'fstab',
  'accounts',
  'sudo',
  'sshd',
  'privileged files',
  'sysctl',
  'package sources',
] as const
export type Section = (typeof sections)[number]

/** What is known of an installed system, each part by the names of the things in it. */
export type SystemFacts = Readonly<Record<Section, Facts>>

/** The name of a system, by ID and VERSION_ID of its os-release: `debian-12`. */
export async function readSystemName({ tree, id }: System): Promise<string> {
  const version = /^VERSION_ID="?([^"\n]*)"?$/m.exec((await tree.text('/etc/os-release')) ?? '')?.[1] ?? ''
  return version === '' ? id : `${id}-${version}`
}

/** Reads from a disk what a reference says of an installed system: of the reference itself, and of every image, in the same way. */
export async function readSystemFacts(system: System): Promise<SystemFacts> {
  const { tree, root } = system
  const settings = Object.entries(await readSettings(tree))
  return {
    settings: new Map(settings.map(([name, value]) => [name, { value }])),
    packages: await packageFacts(system),
    units: readUnits(tree),
    'kernel arguments': await readKernelArguments(tree, root),
    'disk layout': await diskLayoutFacts(system),
    fstab: await fstabFacts(tree),
    accounts: await accountFacts(tree),
    sudo: await sudoFacts(tree),
    sshd: await sshdFacts(tree),
    'privileged files': await privilegeFacts(tree),
    sysctl: await sysctlFacts(tree),
    'package sources': await packageSourceFacts(tree),
  }
}
