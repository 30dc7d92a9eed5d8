import type { Story } from '../../../story/story.ts'
import { secondsInWords, sizeInWords } from '../../../story/words.ts'
import { html, type Html } from '#markup/html.ts'
import { lineChart, type Line } from '../parts/chart.ts'
import { mainDownload } from '../parts/downloads.ts'
import { addresses, releaseTitle, type Page, type Place } from '../parts/site.ts'
import { publishedOn, verdictText } from '../parts/verdict.ts'

/** A year of weekly drops. */
const newest = 52

/** The page of one release: how its newest drops were, and how sizes and boot times have changed. Stories are newest first. */
export function releasePage(release: string, stories: readonly Story[], hasCalendar: boolean): Page {
  const drops = stories.filter(({ withdrawn }) => withdrawn === null).slice(0, newest)
  return {
    path: addresses.release(release),
    title: `${releaseTitle(release)}: history`,
    content: (at) =>
      drops.length === 0
        ? html`<p>No drop of ${releaseTitle(release)} is published at the moment.</p>`
        : html`<p>
              The newest ${drops.length} of ${stories.length}. <a href="${at.to(addresses.all)}">All drops</a>${
                hasCalendar
                  ? html`, <a href="${at.to(addresses.releaseCalendar(release))}">calendar</a> (iCalendar)`
                  : ''
              }
            </p>
            ${charts(drops.toReversed())} ${historyTable(drops, at)}`,
  }
}

function charts(drops: readonly Story[]): Html {
  const columns = drops.map(({ day }) => day)
  const keys = [...new Set(drops.flatMap(({ images }) => images.map(({ key }) => key)))]
  const lines = (valueOf: (story: Story, key: string) => number | null): Line[] =>
    keys.map((name) => ({ name, values: drops.map((story) => valueOf(story, name)) }))
  return html`<div class="charts">
    ${lineChart({ title: 'Size of the download', unit: 'MiB', columns, lines: lines(mebibytes) })}
    ${lineChart({ title: 'Boot test', unit: 'seconds', columns, lines: lines(bootSeconds) })}
  </div>`
}

function mebibytes({ images }: Story, key: string): number | null {
  const image = images.find((one) => one.key === key)
  const file = image && mainDownload(image)
  return file ? file.size / 1024 ** 2 : null
}

function bootSeconds({ images }: Story, key: string): number | null {
  const image = images.find((one) => one.key === key)
  return image && image.checks.length > 0 ? image.testedIn : null
}

function historyTable(drops: readonly Story[], at: Place): Html {
  return html`<section class="scroll" tabindex="0" aria-label="Drops, newest first">
      <table class="history">
        <thead>
          <tr>
            <th scope="col">Drop</th>
            <th scope="col">Published</th>
            <th scope="col">Verdict</th>
            <th scope="col" class="number">Size</th>
            <th scope="col" class="number">Boot</th>
          </tr>
        </thead>
        <tbody>
          ${drops.map((story) => historyRow(story, at))}
        </tbody>
      </table>
    </section>
    <p class="note">Size of all images as they are offered first, and how long the slowest boot test took.</p>`
}

function historyRow(story: Story, at: Place): Html {
  const size = story.images.reduce((sum, image) => sum + (mainDownload(image)?.size ?? 0), 0)
  const boots = story.images.flatMap(({ checks, testedIn }) => (checks.length > 0 ? testedIn : []))
  return html`<tr>
    <th scope="row">
      <a href="${at.to(addresses.drop(story))}">${story.compose}</a>${story.label === null ? '' : ` ${story.label}`}
    </th>
    <td>${publishedOn(story)}</td>
    <td>${verdictText(story)}</td>
    <td class="number">${sizeInWords(size)}</td>
    <td class="number">${boots.length === 0 ? '-' : secondsInWords(Math.max(...boots))}</td>
  </tr> `
}
