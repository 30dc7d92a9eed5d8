import { expect, it } from 'vitest'
import { imageProperties } from './properties.ts'

it('a machine is asked for by the words that Nova knows', () => {
  const secure = { firmware: 'secure-boot', chipset: 'q35', disk: 'virtio', tpm: true } as const
  expect(imageProperties('x86_64', secure, 'scsi')).toEqual({
    architecture: 'x86_64',
    hw_machine_type: 'q35',
    hw_firmware_type: 'uefi',
    os_secure_boot: 'required',
    hw_disk_bus: 'virtio',
    hw_scsi_model: 'virtio-scsi',
    hw_vif_model: 'virtio',
    hw_cdrom_bus: 'scsi',
    hw_tpm_version: '2.0',
    hw_tpm_model: 'tpm-crb',
  })
})

it("a config drive on virtio is the cloud's doing: an image that asked for such a CD could not be booted", () => {
  const plain = { firmware: 'bios', chipset: 'i440fx', disk: 'virtio', tpm: false } as const
  expect(imageProperties('x86_64', plain, 'virtio')).not.toHaveProperty('hw_cdrom_bus')
})

it('what Nova cannot build is refused before anything is made', () => {
  const nvme = { firmware: 'bios', chipset: 'q35', disk: 'nvme', tpm: false } as const
  expect(() => imageProperties('x86_64', nvme, null)).toThrow('Nova has no disk on nvme')
  const q35 = { ...nvme, disk: 'virtio' } as const
  expect(() => imageProperties('x86_64', q35, 'ide')).toThrow('q35 has no IDE in Nova')
  expect(() => imageProperties('x86_64', { ...q35, disk: 'ide' }, null)).toThrow('q35 has no IDE in Nova')
})
