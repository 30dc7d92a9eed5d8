import { imageKey, type Architecture } from '#events/vocabulary.ts'
import type { Order } from './order.ts'

/** Every image of ours carries it, for people who look for them. */
export const tag = 'imagedrop'
export const dropProperty = 'imagedrop_drop'
export const imageProperty = 'imagedrop_image'
export const digestProperty = 'imagedrop_sha256'

/**
 * What an image says of itself (docs.openstack.org/glance, "Useful image properties"). The devices are those that the
 * images are tested with; the config drive comes by SCSI, as Debian's cloud kernel has no driver for the SATA one that
 * Nova makes on q35.
 */
export function imageProperties({ drop, compose, image, file }: Order): Record<string, string> {
  const distribution = compose.short.toLowerCase()
  return {
    architecture: image.architecture,
    os_type: 'linux',
    os_distro: distribution,
    os_version: compose.version,
    os_admin_user: distribution,
    ...devices,
    ...firmware[image.architecture],
    [dropProperty]: drop,
    [imageProperty]: imageKey(image),
    imagedrop_compose: compose.id,
    [digestProperty]: file.sha256,
  }
}

const devices = {
  hw_disk_bus: 'virtio',
  hw_vif_model: 'virtio',
  hw_rng_model: 'virtio',
  hw_scsi_model: 'virtio-scsi',
  hw_cdrom_bus: 'scsi',
}

const firmware: Readonly<Record<Architecture, Readonly<Record<string, string>>>> = {
  i686: { hw_firmware_type: 'bios' },
  x86_64: { hw_firmware_type: 'bios' },
  aarch64: { hw_firmware_type: 'uefi', hw_machine_type: 'virt' },
}
