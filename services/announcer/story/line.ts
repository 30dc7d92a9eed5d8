import type { News } from './news.ts'
import type { Story } from './story.ts'
import { count } from './words.ts'

/** What is told in one line, for those who read many: the text, and where there is more, which is never cut. */
export interface Line {
  readonly text: string
  readonly link: string | null
}

/** `Debian 12 cloud images 20260711 (nightly): 4 of 4 images passed` */
export function lineOfStory(story: Story, pageUrl: string): Line {
  const passed = story.images.filter((image) => image.passed).length
  const text = `${story.title}: ${String(passed)} of ${count(story.images.length, 'image')} passed`
  const link = pageLink(story.drop, pageUrl)
  return link === null ? { text: `${text} (${story.drop})`, link } : { text, link }
}

/** `nightly-Debian-12-20260711.0: generic.x86_64 failed at builder (recipe): no package named "cloud-int"` */
export function lineOfNews(news: News, pageUrl: string): Line {
  const link = news.kind === 'withdrawn' ? pageLink(news.drop, pageUrl) : null
  return { text: `${news.drop}: ${news.sentence}`, link }
}

/** The place of a drop on the page; null when the public does not see the page. */
export function pageLink(drop: string, pageUrl: string): string | null {
  if (!/^https?:/.test(pageUrl)) return null
  return `${pageUrl.endsWith('/') ? pageUrl : `${pageUrl}/`}#${encodeURIComponent(drop)}`
}
