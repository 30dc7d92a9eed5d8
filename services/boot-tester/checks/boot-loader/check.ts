import { partOf, type Bytes } from '#disk/bytes.ts'
import type { Disk } from '../../disk/disk.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

const biosBootPartition = '21686148-6449-6E6F-744E-656564454649'

/** Where GRUB's boot sector says on which sector its core image begins. */
const coreSectorAt = 0x5c

/** The firmware finds something to start. */
export const bootLoader: DiskCheck = {
  name: 'boot-loader',
  description: 'the boot loader is there for each firmware that the disk has a place for: BIOS, UEFI',
  severity: 'error',
  rule: 'UEFI specification 2.10, 3.5.1.1 "Removable Media Boot Behavior"; GRUB manual, "BIOS installation"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'disk',
  judge: async (disk) => {
    const found = [await onBios(disk), onUefi(disk)].filter((one) => one !== null)
    if (found.length === 0) return { outcome: 'failed', detail: 'it has neither boot code for a BIOS nor an ESP' }
    return passedIfNone(
      found.filter(({ isGood }) => !isGood).map(({ says }) => says),
      found.map(({ says }) => says).join(', '),
    )
  },
}

interface Loader {
  readonly isGood: boolean
  readonly says: string
}

function onUefi({ esp }: Disk): Loader | null {
  if (esp === null) return null
  const { files } = esp
  if (files === null) return { isGood: false, says: 'the ESP has no FAT file system that can be read' }
  const loader = files.find((file) => /^\/EFI\/BOOT\/BOOT(X64|AA64|IA32)\.EFI$/i.test(file))
  return loader === undefined
    ? { isGood: false, says: 'the ESP has no EFI/BOOT/BOOTX64.EFI, BOOTAA64.EFI or BOOTIA32.EFI' }
    : { isGood: true, says: `UEFI: ${loader.slice(1)}` }
}

async function onBios({ bytes, table }: Disk): Promise<Loader | null> {
  const place = table?.partitions.find(({ type }) => type === biosBootPartition)
  const code = await bytes.read(0, 440)
  const hasCode = code.some((byte) => byte !== 0)
  if (!hasCode) {
    return place === undefined ? null : { isGood: false, says: 'the disk has a BIOS boot partition, but no boot code' }
  }
  if (!code.includes('GRUB')) return { isGood: true, says: 'BIOS: boot code' }
  const core = Number(code.readBigUInt64LE(coreSectorAt)) * 512
  if (core + 512 > bytes.size || !(await holdsSomething(partOf(bytes, core, 512)))) {
    return {
      isGood: false,
      says: `GRUB's boot code looks for its core image at byte ${String(core)}, where nothing is`,
    }
  }
  if (place !== undefined && (core < place.start || core >= place.start + place.size)) {
    return { isGood: false, says: `GRUB's core image lies at byte ${String(core)}, outside of the BIOS boot partition` }
  }
  return { isGood: true, says: 'BIOS: GRUB' }
}

async function holdsSomething(bytes: Bytes): Promise<boolean> {
  return (await bytes.read(0, bytes.size)).some((byte) => byte !== 0)
}
