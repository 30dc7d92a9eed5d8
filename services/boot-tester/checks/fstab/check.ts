import type { Volume } from '#image/facts/partitions.ts'
import { linesOf } from '../../disk/below.ts'
import type { System } from '../../disk/disk.ts'
import { namesOf, normalName } from '../../disk/volume-names.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** Devices that are no devices: `tmpfs`, `proc`, `server:/path`. */
const isNoDevice = /^(?!\/dev\/)[\w.:/-]+$/

/** Nothing waits at boot for a disk that no cloud has. */
export const fstab: DiskCheck = {
  name: 'fstab',
  description: 'fstab names only file systems of this disk, by what does not change, and folders that are there',
  severity: 'error',
  rule: 'fstab(5); OpenStack image guide, "Image requirements: Disk partitions"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async (system) => {
    const lines = (await linesOf(system.tree, '/etc/fstab')).map((line) => line.split(/\s+/))
    const found: string[] = []
    for (const [device = '', place = '', kind = ''] of lines) {
      const volume = await volumeOf(system, device)
      if (volume === null && !isNoDevice.test(device)) found.push(`${device} is no file system of this disk`)
      else if (place === '/' && volume?.fileSystem !== system.root) found.push(`${device} is not the root`)
      const isMissing = place.startsWith('/') && kind !== 'swap' && system.tree.find(place)?.type !== 'directory'
      if (isMissing) found.push(`${place} is no folder`)
    }
    return passedIfNone(found, `${String(lines.length)} entries`)
  },
}

async function volumeOf(system: System, device: string): Promise<Volume | null> {
  for (const volume of system.volumes) {
    if ((await namesOf(system, volume)).includes(normalName(device))) return volume
  }
  return null
}
