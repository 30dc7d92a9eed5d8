import type { CloudDisk } from '../../datasources/datasource.ts'
import type { Hardware } from '../hardware.ts'
import { escapeValue } from './option-value.ts'

interface Disks {
  readonly hardware: Hardware
  /** The image's disk. */
  readonly overlay: string
  /** Of the cloud, beside the image's own. */
  readonly disks: readonly CloudDisk[]
}

type Bus = Hardware['disk']

/** The arguments for the disks of a guest, each on its bus. The firmware starts from the image's, whichever it finds first. */
export function diskArguments({ hardware, overlay, disks }: Disks): string[] {
  const buses = [hardware.disk, ...disks.map(({ bus }) => bus)]
  const device = createPlugs(hardware.chipset)
  return [
    ...controllers(new Set(buses), hardware.chipset),
    // The overlay is thrown away: nothing of it has to survive a crash of this host.
    ['-drive', `file=${escapeValue(overlay)},if=none,id=image,format=qcow2,cache=unsafe,discard=unmap`],
    ['-device', `${device(hardware.disk, 'disk')},drive=image,bootindex=0`],
    ...disks.flatMap(({ path, bus }, index) => {
      const id = `cloud${String(index)}`
      return [
        ['-drive', `file=${escapeValue(path)},if=none,id=${id},format=raw,readonly=on`],
        ['-device', `${device(bus, 'cd')},drive=${id}`],
      ]
    }),
  ].flat()
}

/** What disks are plugged into, where the chipset does not have it by itself. */
function controllers(buses: ReadonlySet<Bus>, chipset: Hardware['chipset']): string[][] {
  return [
    buses.has('scsi') ? ['-device', 'virtio-scsi-pci,id=scsi'] : [],
    buses.has('sata') && chipset !== 'q35' ? ['-device', 'ich9-ahci,id=sata'] : [],
  ]
}

/** Names the devices one after the other; what the cloud attaches is for reading alone, which the old buses have for CDs. */
function createPlugs(chipset: Hardware['chipset']): (bus: Bus, kind: 'disk' | 'cd') => string {
  let sata = 0
  let ide = 0
  return (bus, kind) => {
    switch (bus) {
      case 'virtio':
        return 'virtio-blk-pci'
      case 'nvme':
        return 'nvme,serial=image'
      case 'scsi':
        return `scsi-${kind === 'disk' ? 'hd' : 'cd'},bus=scsi.0`
      case 'sata':
        return `ide-${kind === 'disk' ? 'hd' : 'cd'},bus=${chipset === 'q35' ? 'ide' : 'sata'}.${String(sata++)}`
      case 'ide': {
        // Two disks on each of two cables.
        const [cable, unit] = [Math.floor(ide / 2), ide % 2]
        ide += 1
        return `ide-${kind === 'disk' ? 'hd' : 'cd'},bus=ide.${String(cable)},unit=${String(unit)}`
      }
    }
  }
}
