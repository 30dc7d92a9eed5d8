import { expect, it } from 'vitest'
import { exampleArtifact, exampleCompose, exampleDrop, exampleImage } from '#events/examples.ts'
import type { Architecture } from '#events/vocabulary.ts'
import { imageProperties } from './image-properties.ts'

/** Those on which `npm run prove -- openstack` boots in a real Nova. */
const devices = {
  hw_disk_bus: 'virtio',
  hw_vif_model: 'virtio',
  hw_rng_model: 'virtio',
  hw_scsi_model: 'virtio-scsi',
  hw_cdrom_bus: 'scsi',
}

it.each<[Architecture, Record<string, string>]>([
  ['i686', { hw_firmware_type: 'bios' }],
  ['x86_64', { hw_firmware_type: 'bios' }],
  ['aarch64', { hw_firmware_type: 'uefi', hw_machine_type: 'virt' }],
])('an image of %s asks for this machine, and leaves all else to the cloud', (architecture, firmware) => {
  const properties = imageProperties({
    drop: exampleDrop,
    compose: exampleCompose,
    image: { ...exampleImage, flavour: 'generic', architecture },
    file: { ...exampleArtifact('qcow2'), path: '/qcow2' },
    diskSize: 1024 ** 3,
    minRam: 512,
  })
  const asked = Object.entries(properties).filter(([name]) => name.startsWith('hw_'))
  expect(Object.fromEntries(asked)).toEqual({ ...devices, ...firmware })
  expect(properties).toMatchObject({ architecture, os_type: 'linux' })
})
