import type { DropPublished } from '#events/drop-published.ts'
import { cleanText } from './words.ts'

/** Names a drop in a line: `Debian 12 cloud images 20260711`, `Fedora 19 Beta cloud images (Beta-1.2)`. */
export function titleOf({ compose, kind, milestone }: Pick<DropPublished, 'compose' | 'kind' | 'milestone'>): string {
  const release = cleanText(`${compose.short} ${compose.version}`)
  if (kind === 'milestone') {
    const stage = milestone === null || milestone === 'Final' ? '' : ` ${milestone}`
    const label = compose.label === null ? '' : ` (${cleanText(compose.label)})`
    return `${release}${stage} cloud images${label}`
  }
  const respin = compose.respin === 0 ? '' : `.${String(compose.respin)}`
  return `${release} cloud images ${compose.date}${respin} (${kind})`
}
