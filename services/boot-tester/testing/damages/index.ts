import { bootDamages } from './boot.ts'
import type { DiskDamage } from './damage.ts'
import { rightsDamages } from './rights.ts'
import { systemDamages } from './system.ts'
import { tracesDamages } from './traces.ts'

/** At least one for each check of a disk; a test holds the two together. */
export const diskDamages: readonly DiskDamage[] = [...bootDamages, ...systemDamages, ...rightsDamages, ...tracesDamages]
