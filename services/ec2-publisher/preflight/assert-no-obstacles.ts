import { PermanentError } from '#service/errors.ts'
import { encryptionObstacle } from '../aws/encryption.ts'
import type { Region } from '../aws/region.ts'
import type { Ec2Settings } from '../config.ts'
import { importPlaceOf, type ImportSettings } from '../imports/import-place.ts'
import { bucketObstacle, roleObstacle } from './import-place.ts'
import { missingPermissions, type PermissionSettings } from './missing-permissions.ts'
import { blockedPublicAccess } from './public-access.ts'
import { quotaObstacle } from './public-quota.ts'

/** What a region is to be looked at for. */
export interface Purpose {
  /** The disk is sent there; else it is copied there. */
  readonly sends: boolean
  /** How many images more are to be public than are now. */
  readonly images: number
}

/**
 * Throws everything that would be refused later in this region, each with the rule and what to do. Asked before the first
 * byte is sent: most of it AWS tells only when an image is made public, which is after the blessing.
 */
export async function assertNoObstacles(
  region: Region,
  { sends, images }: Purpose,
  settings: PermissionSettings & ImportSettings & Pick<Ec2Settings, 'publicImageQuota'>,
): Promise<void> {
  const place = sends ? await importPlaceOf(region, settings) : null
  const looks = [
    encryptionObstacle(region),
    blockedPublicAccess(region, settings.publicSnapshots),
    quotaObstacle(region, images, settings.publicImageQuota),
    missingPermissions(region, { sends, imports: place !== null }, settings),
    ...(place === null ? [] : [bucketObstacle(region, place), roleObstacle(region, place)]),
  ]
  const obstacles = (await Promise.all(looks)).flat()
  if (obstacles.length > 0) throw new PermanentError('refused', obstacles.join('; '))
}
