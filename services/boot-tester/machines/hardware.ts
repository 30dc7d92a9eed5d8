import type { Architecture } from '#events/vocabulary.ts'

/** What a machine is built of, where clouds differ. */
export interface Hardware {
  /** `secure-boot` is UEFI that starts only what the distributions' keys have signed. */
  readonly firmware: 'bios' | 'uefi' | 'secure-boot'
  readonly chipset: 'i440fx' | 'q35' | 'virt'
  /** What the image's disk is attached to. */
  readonly disk: 'virtio' | 'scsi' | 'nvme' | 'sata' | 'ide'
  /** A TPM 2.0. */
  readonly tpm: boolean
}

/** The plainest machine that can boot images of an architecture. */
export function plainHardware(architecture: Architecture): Hardware {
  return architecture === 'aarch64'
    ? { firmware: 'uefi', chipset: 'virt', disk: 'virtio', tpm: false }
    : { firmware: 'bios', chipset: 'i440fx', disk: 'virtio', tpm: false }
}
