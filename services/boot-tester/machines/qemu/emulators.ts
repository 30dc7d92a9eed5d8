import type { Architecture } from '#events/vocabulary.ts'
import type { Hardware } from '../hardware.ts'

/** UEFI firmware on the disk of this host. */
export interface FirmwareFiles {
  readonly code: string
  /** What its variables are before the first boot: Secure Boot's keys are among them. Undefined: it keeps none. */
  readonly variables?: string
}

/** How machines of one architecture are emulated. */
export interface Emulator {
  readonly tool: string
  /** What installs it, by the names of Debian and of Fedora. */
  readonly packages: string
  /** The machines that there are, as QEMU calls them. */
  readonly chipsets: Readonly<Partial<Record<Hardware['chipset'], string>>>
  /** The processor under TCG. */
  readonly cpu: string
  readonly screen: string
  /** The device of a TPM; undefined where there is none. */
  readonly tpm?: string
  /** Process architectures of hosts whose KVM can run such guests. */
  readonly kvmHosts: readonly NodeJS.Architecture[]
  /** Where each firmware may be on the host; `built-in` is QEMU's own. */
  readonly firmware: Readonly<Partial<Record<Hardware['firmware'], 'built-in' | readonly FirmwareFiles[]>>>
  readonly firmwarePackages: string
}

const x86 = {
  packages: 'qemu-system-x86',
  chipsets: { i440fx: 'pc,vmport=off,hpet=off', q35: 'q35,vmport=off,hpet=off' },
  screen: 'VGA',
  tpm: 'tpm-crb',
  kvmHosts: ['x64'],
  firmwarePackages: 'ovmf (Debian), or edk2-ovmf (Fedora)',
} as const

/**
 * The plainest processor boots in an eighth less time than `max`, and with these it is an x86-64-v2, which the distributions
 * that want more than the first x86_64 ask for.
 */
const plain = 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt'

/** Debian's folder, then Fedora's. */
const ovmf = ['/usr/share/OVMF', '/usr/share/edk2/ovmf']

export const emulators: Readonly<Record<Architecture, Emulator>> = {
  i686: {
    ...x86,
    tool: 'qemu-system-i386',
    // That of x86_64, without what QEMU emulates for 64 bits alone. With `max` the kernel keeps page tables of its own, as on each
    // processor that may have Meltdown; an emulator forgets what it knows of pages whenever tables change (decision 0091).
    cpu: `${plain},-lm,-syscall`,
    firmware: { bios: 'built-in' },
  },
  x86_64: {
    ...x86,
    tool: 'qemu-system-x86_64',
    cpu: plain,
    firmware: {
      bios: 'built-in',
      uefi: ovmf.flatMap((folder) => [
        { code: `${folder}/OVMF_CODE_4M.fd`, variables: `${folder}/OVMF_VARS_4M.fd` },
        { code: `${folder}/OVMF_CODE.fd`, variables: `${folder}/OVMF_VARS.fd` },
      ]),
      'secure-boot': [
        { code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd' },
        { code: '/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd' },
      ],
    },
  },
  aarch64: {
    tool: 'qemu-system-aarch64',
    packages: 'qemu-system-arm (Debian), or qemu-system-aarch64 (Fedora)',
    chipsets: { virt: 'virt' },
    // The architecture's own pointer authentication costs an emulator half of its time.
    cpu: 'max,pauth-impdef=on',
    // Part of every QEMU; virtio-gpu is a module that not every host has.
    screen: 'ramfb',
    tpm: 'tpm-tis-device',
    kvmHosts: ['arm64'],
    firmware: {
      uefi: [
        { code: '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd' },
        { code: '/usr/share/edk2/aarch64/QEMU_EFI.fd' },
        { code: '/usr/share/AAVMF/AAVMF_CODE.fd' },
      ],
    },
    firmwarePackages: 'qemu-efi-aarch64 (Debian), or edk2-aarch64 (Fedora)',
  },
}
