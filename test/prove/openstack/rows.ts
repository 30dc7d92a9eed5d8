import { exampleArtifact, exampleCompose, exampleDrop, exampleImage } from '#events/examples.ts'
import type { Hardware } from '../../../services/boot-tester/machines/hardware.ts'
import { imageProperties } from '../../../services/openstack-publisher/upload/image-properties.ts'

/** One machine of Nova, and how its guest is told who it is. */
export interface Row {
  readonly name: string
  readonly hardware: Hardware
  /** One of the machine's. */
  readonly datasource: string
  /** The image's properties, where they are not those that ask for just this machine. */
  readonly properties?: Readonly<Record<string, string>>
  /** What the cloud writes config drives as; CDs unless said. */
  readonly configDrives?: 'vfat'
  /** A kernel without a driver for it does not see the drive: the guest is told by the metadata service instead. */
  readonly needsAhci?: true
  /** Nova makes no such machine; the cloud's users are not told why, its log is. */
  readonly refused?: RegExp
}

const pc: Hardware = { firmware: 'bios', chipset: 'i440fx', disk: 'virtio', tpm: false }
const q35: Hardware = { ...pc, chipset: 'q35' }
const uefi: Hardware = { ...q35, firmware: 'uefi' }

/** The properties of a generic image in Glance. */
const published = imageProperties({
  drop: exampleDrop,
  compose: exampleCompose,
  image: { ...exampleImage, flavour: 'generic' },
  file: { ...exampleArtifact('qcow2'), path: '' },
  diskSize: 0,
  minRam: 0,
})

/** The matrix: what clouds differ in, and what an image finds there that has the publisher's properties, or none. */
export const rows: readonly Row[] = [
  { name: 'pc-ide', hardware: pc, datasource: 'configdrive-ide' },
  { name: 'pc-scsi', hardware: pc, datasource: 'configdrive-scsi' },
  { name: 'pc-disk-scsi', hardware: { ...pc, disk: 'scsi' }, datasource: 'configdrive-scsi' },
  { name: 'pc-metadata', hardware: pc, datasource: 'openstack' },
  { name: 'pc-published', hardware: pc, datasource: 'configdrive-scsi', properties: onChipset('pc', published) },
  { name: 'q35-plain', hardware: q35, datasource: 'configdrive-sata', properties: onChipset('q35'), needsAhci: true },
  { name: 'q35-scsi', hardware: q35, datasource: 'configdrive-scsi' },
  { name: 'q35-metadata', hardware: q35, datasource: 'openstack' },
  { name: 'q35-published', hardware: q35, datasource: 'configdrive-scsi', properties: onChipset('q35', published) },
  { name: 'uefi-sata', hardware: uefi, datasource: 'configdrive-sata', needsAhci: true },
  { name: 'uefi-scsi', hardware: uefi, datasource: 'configdrive-scsi' },
  { name: 'uefi-metadata', hardware: uefi, datasource: 'openstack' },
  { name: 'pc-virtio', hardware: pc, datasource: 'configdrive', configDrives: 'vfat' },
  { name: 'q35-virtio', hardware: q35, datasource: 'configdrive', configDrives: 'vfat' },
  {
    name: 'pc-virtio-cd',
    hardware: pc,
    datasource: 'configdrive',
    properties: onChipset('pc', { hw_cdrom_bus: 'virtio' }),
    refused: /does not support ejectable media/,
  },
  {
    name: 'q35-ide',
    hardware: q35,
    datasource: 'configdrive-ide',
    properties: onChipset('q35', { hw_cdrom_bus: 'ide' }),
    refused: /IDE controllers are unsupported/,
  },
]

/** Which chipset an image gets that asks for none, each cloud decides: here it is told. */
function onChipset(type: 'pc' | 'q35', others: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...others, hw_machine_type: type }
}
