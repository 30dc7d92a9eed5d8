import type { ImageBuilt } from '#events/image-built.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import type { Needs } from '#ledger/needs.ts'

/** Room for what a conversion writes besides its files, in MiB. */
const besides = 64

/**
 * What the conversion of a disk needs. Its files stand beside each other until all are proved, and hold what the disk holds: its holes take
 * no room in any of them. Pieces of many disks wait for the same processors.
 */
export function needsOfConversion({ disk, dataBytes = disk.size, image }: ImageBuilt): Needs {
  const files = image.formats.reduce((sum, plan) => sum + dataBytes * shareOf(plan), 0)
  return { cores: 0.5, memoryMib: 512, diskMib: besides + Math.ceil(files / 2 ** 20) }
}

/** How much of the data a file in a format takes; what is packed is a third of a system's, and hardly ever more than half. */
function shareOf(plan: FormatPlan): number {
  const isPacked = plan.format !== 'vhd' && !(plan.format === 'qcow2' && plan.compression === 'none')
  return isPacked ? 0.5 : 1
}
