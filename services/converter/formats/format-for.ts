import type { ArtifactRef, FormatPlan, ImagePlan } from '#events/vocabulary.ts'
import { diskName } from '../disk-name.ts'
import type { Format } from './format.ts'
import { createQcow2, refuseQcow2 } from './qcow2/qcow2.ts'
import { createRawTarXz } from './raw.tar.xz/raw-tar-xz.ts'
import { longestMemberName } from './tar/tar.ts'
import { createRawXz } from './raw.xz/raw-xz.ts'
import { createTarGz } from './tar.gz/tar-gz.ts'
import { createVhd } from './vhd/vhd.ts'

/** The table of formats: one folder, one row. */
export function formatFor(plan: FormatPlan): Format {
  switch (plan.format) {
    case 'qcow2':
      return createQcow2(plan)
    case 'raw.xz':
      return createRawXz(plan)
    case 'raw.tar.xz':
      return createRawTarXz(plan)
    case 'vhd':
      return createVhd()
    case 'tar.gz':
      return createTarGz()
  }
}

const sector = 512

/** Says why the formats of an image cannot be made of its disk, whatever the machine; null when they can. */
export function refusePlan(image: ImagePlan, disk: Pick<ArtifactRef, 'size'>): string | null {
  const names = image.formats.map((plan) => plan.format)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return `formats: ${twice} is wanted twice, and both would have the same file name`
  if (disk.size === 0 || disk.size % sector !== 0) {
    return `disk: ${String(disk.size)} bytes are not a whole number of ${String(sector)}-byte sectors`
  }
  const name = diskName(image)
  if (names.includes('raw.tar.xz') && name.length > longestMemberName) {
    return `recipe: ${name} is longer than the ${String(longestMemberName)} bytes of a name in a tar archive`
  }
  for (const plan of image.formats) {
    const refusal = plan.format === 'qcow2' ? refuseQcow2(plan) : null
    if (refusal !== null) return refusal
  }
  return null
}
