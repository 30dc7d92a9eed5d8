import type { Architecture } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import type { NovaOrder } from '../../datasources/datasource.ts'
import type { Hardware } from '../hardware.ts'

/**
 * Properties of an image by which Nova builds the machine that is wanted (docs.openstack.org/glance, "Useful image
 * properties"). Throws PermanentError for what Nova cannot build.
 */
export function imageProperties(
  architecture: Architecture,
  { firmware, chipset, disk, tpm }: Hardware,
  configDrive: NovaOrder['configDrive'],
): Record<string, string> {
  const refuse = (why: string) => new PermanentError('environment', `the machine openstack: ${why}`)
  if (disk === 'nvme') throw refuse('Nova has no disk on nvme')
  if (chipset === 'q35' && [disk, configDrive].includes('ide')) throw refuse('q35 has no IDE in Nova')
  return {
    architecture,
    hw_machine_type: machineTypes[chipset],
    hw_firmware_type: firmware === 'bios' ? 'bios' : 'uefi',
    ...(firmware === 'secure-boot' ? { os_secure_boot: 'required' } : {}),
    hw_disk_bus: disk,
    hw_scsi_model: 'virtio-scsi',
    hw_vif_model: 'virtio',
    // On virtio it is a disk, not a CD, as clouds make it that are told to (`config_drive_format = vfat`).
    ...(configDrive === null || configDrive === 'virtio' ? {} : { hw_cdrom_bus: configDrive }),
    ...(tpm ? { hw_tpm_version: '2.0', hw_tpm_model: 'tpm-crb' } : {}),
  }
}

const machineTypes: Readonly<Record<Hardware['chipset'], string>> = { i440fx: 'pc', q35: 'q35', virt: 'virt' }
