import type { Telling } from './telling.ts'
import { count } from './words.ts'

/** What is told in one line, for those who read many: the text, and where there is more, which is never cut. */
export interface Line {
  readonly text: string
  readonly link: string | null
}

/**
 * Tells in a line: `Debian 12 cloud images 20260711 (nightly): 4 of 4 images passed`, or
 * `nightly-Debian-12-20260711.0: waits for a blessing: 3 of 4 images passed`.
 */
export function lineOf(telling: Telling, pageUrl: string): Line {
  if (telling.kind !== 'published') {
    const link = telling.kind === 'withdrawn' ? pageLink(telling.drop, pageUrl) : null
    return { text: `${telling.drop}: ${telling.sentence}`, link }
  }
  const { title, images, drop } = telling.story
  const passed = images.filter((image) => image.passed).length
  const text = `${title}: ${String(passed)} of ${count(images.length, 'image')} passed`
  const link = pageLink(drop, pageUrl)
  return link === null ? { text: `${text} (${drop})`, link } : { text, link }
}

/** The page of a drop; null when the public does not see the site. */
export function pageLink(drop: string, pageUrl: string): string | null {
  if (!/^https?:/.test(pageUrl)) return null
  return `${pageUrl.endsWith('/') ? pageUrl : `${pageUrl}/`}drops/${encodeURIComponent(drop)}.html`
}
