import type { Story, StoryImage } from '../../../story/story.ts'
import { html, type Html } from '#markup/html.ts'
import { checkList } from './checks.ts'
import { downloadButtons, fileList } from './downloads.ts'
import { launchTables } from './launch.ts'
import { addresses, type Place } from './site.ts'
import { imageVerdict } from './verdict.ts'

/** Beyond these, a panel in short leads to the drop's page. */
const placesInShort = 8

/** All of one image: verdict, downloads with checksums, places where it can be started, checks. */
export function imagePanel(story: Story, image: StoryImage, at: Place): Html {
  const more = html`${fileList(image.downloads, at)} ${launchTables(image, at)} ${checkList(image)} ${builtBy(image)}`
  return panel(story, image, at, more)
}

function builtBy({ engine }: StoryImage): Html {
  if (engine === null) return html``
  const reasons = engine.earlier.map((reason) => html`<li>${reason}</li> `)
  return html`<p>Built by ${engine.name}.</p>
    ${
      reasons.length === 0
        ? ''
        : html`<ul class="failure">
            ${reasons}
          </ul>`
    }`
}

/** What most people want of one image. */
export function shortImagePanel(story: Story, image: StoryImage, at: Place): Html {
  const places = image.targets.reduce((sum, { registrations }) => sum + registrations.length, 0)
  if (places <= placesInShort) return panel(story, image, at, html`${launchTables(image, at)}`)
  const link = html`<a href="${at.to(addresses.drop(story))}">${places} places to launch ${image.key} in</a>`
  return panel(story, image, at, html`<p>${link}</p>`)
}

function panel(story: Story, image: StoryImage, at: Place, more: Html): Html {
  const [flavour = '', architecture = ''] = image.key.split('.')
  return html`<article class="image">
    <h3>${flavour} <span class="arch">${architecture}</span></h3>
    <p class="verdict">${imageVerdict(story, image, at)}</p>
    ${image.failure === null ? '' : html`<p class="failure">${image.failure}</p>`} ${downloadButtons(image, at)} ${more}
  </article> `
}
