import type { Story, StoryImage } from '../../../story/story.ts'
import { count, dayInWords, secondsInWords } from '../../../story/words.ts'
import { html, type Html } from '#markup/html.ts'
import { addresses, type Place } from './site.ts'

/** How many images of a drop passed. */
export function verdictText({ images }: Story): string {
  const passed = images.filter((image) => image.passed).length
  return passed === images.length
    ? `${count(passed, 'image')} passed`
    : `incomplete: ${String(passed)} of ${String(images.length)} passed`
}

/** How many images of a drop passed, to be seen at a glance. */
export function dropVerdict(story: Story): Html {
  const isComplete = story.images.every((image) => image.passed)
  return html`<span class="badge ${isComplete ? 'good' : 'bad'}">${verdictText(story)}</span>`
}

/** The verdict on one image, which leads to what the boot test saw. */
export function imageVerdict(story: Story, { key, passed, checks, testedIn, bootReport }: StoryImage, at: Place): Html {
  const words = passed ? (checks.length > 0 ? `passed in ${secondsInWords(testedIn)}` : 'passed') : 'failed'
  const look = passed ? 'good' : 'bad'
  if (bootReport) return badgeTo(at.toFile(bootReport.path), look, words, key)
  if (checks.length > 0) return badgeTo(`${at.to(addresses.drop(story))}#${checksId(key)}`, look, words, key)
  return html`<span class="badge ${look}">${words}</span>`
}

/** The anchor of an image's checks. */
export function checksId(key: string): string {
  return `checks-${key}`
}

/** When a drop was published. */
export function publishedOn({ publishedAt }: Story): Html {
  return html`<time datetime="${publishedAt}">${dayInWords(publishedAt)}</time>`
}

function badgeTo(href: string, look: string, words: string, key: string): Html {
  return html`<a class="badge ${look}" href="${href}">${words}<span class="unseen">: boot test of ${key}</span></a>`
}
