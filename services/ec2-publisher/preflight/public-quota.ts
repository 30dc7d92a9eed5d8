import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'

const publicImages = 'L-0E3CBAB9'

/** Why so many more images cannot be public in this region; nothing when the quota is neither told nor to be learnt. */
export async function quotaObstacle(region: Region, more: number, told: number | undefined): Promise<string[]> {
  if (more === 0) return []
  const quota = told ?? (await region.quotaOf(publicImages))
  if (quota === null) return []
  const open = await findImages(region, where('is-public', 'true'))
  if (open.length + more <= quota) return []
  return [
    `${String(open.length)} images are public in ${region.name}, so ${String(more)} more would be above the quota of ` +
      `${String(quota)}; deregister those that nobody needs, or ask AWS to raise the quota "Public AMIs" ` +
      `(${publicImages})${told === undefined ? '' : ' and set IMAGEDROP_EC2_PUBLISHER_PUBLIC_IMAGE_QUOTA'}`,
  ]
}
