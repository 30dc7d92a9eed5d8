import { existsSync } from 'node:fs'
import { PermanentError } from '#service/errors.ts'
import type { Architecture } from '#events/vocabulary.ts'

/** How machines of one architecture are emulated. */
export interface Emulator {
  readonly tool: string
  /** What installs it, by the names of Debian and of Fedora. */
  readonly packages: string
  readonly machine: string
  /** The processor under TCG. */
  readonly cpu: string
  readonly screen: string
  /** Process architectures of hosts whose KVM can run such guests. */
  readonly kvmHosts: readonly NodeJS.Architecture[]
  /** Where firmware may be, when QEMU's own default does not boot disks. */
  readonly firmware?: readonly string[]
}

const x86 = {
  packages: 'qemu-system-x86',
  machine: 'pc,vmport=off,hpet=off',
  screen: 'VGA',
  kvmHosts: ['x64'],
} as const

export const emulators: Readonly<Record<Architecture, Emulator>> = {
  i686: { ...x86, tool: 'qemu-system-i386', cpu: 'max' },
  // The plainest processor boots in an eighth less time than `max`, and with these it is an x86-64-v2, which the
  // distributions that want more than the first x86_64 ask for.
  x86_64: { ...x86, tool: 'qemu-system-x86_64', cpu: 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt' },
  aarch64: {
    tool: 'qemu-system-aarch64',
    packages: 'qemu-system-arm and qemu-efi-aarch64 (Debian), or qemu-system-aarch64 and edk2-aarch64 (Fedora)',
    machine: 'virt',
    // The architecture's own pointer authentication costs an emulator half of its time.
    cpu: 'max,pauth-impdef=on',
    // Part of every QEMU; virtio-gpu is a module that not every host has.
    screen: 'ramfb',
    kvmHosts: ['arm64'],
    firmware: [
      '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd',
      '/usr/share/edk2/aarch64/QEMU_EFI.fd',
      '/usr/share/AAVMF/AAVMF_CODE.fd',
    ],
  },
}

/** The firmware file to give to QEMU; null where its default does. Throws PermanentError naming the package. */
export function findFirmware({ firmware, packages }: Emulator, exists = existsSync): string | null {
  if (!firmware) return null
  const found = firmware.find((path) => exists(path))
  if (found === undefined)
    throw new PermanentError('environment', `there is no UEFI firmware (${firmware.join(', ')}): install ${packages}`)
  return found
}
