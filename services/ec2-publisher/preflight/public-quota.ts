import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'

/** Why so many more images cannot be public in this region; nothing when the quota is not known. */
export async function quotaObstacle(region: Region, more: number, quota: number | undefined): Promise<string[]> {
  if (quota === undefined || more === 0) return []
  const open = await findImages(region, where('is-public', 'true'))
  if (open.length + more <= quota) return []
  return [
    `${String(open.length)} images are public in ${region.name}, so ${String(more)} more would be above the quota of ` +
      `${String(quota)}; deregister those that nobody needs, or ask AWS to raise the quota "Public AMIs" (L-0E3CBAB9) ` +
      'and set IMAGEDROP_EC2_PUBLISHER_PUBLIC_IMAGE_QUOTA',
  ]
}
