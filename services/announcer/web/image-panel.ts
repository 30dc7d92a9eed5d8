import type { CheckResult } from '#events/vocabulary.ts'
import type { LinkTo } from '../story/link.ts'
import type { Download, StoryImage, StoryRegistration, StoryTarget } from '../story/story.ts'
import { count, secondsInWords, sizeInWords } from '../story/words.ts'
import { html, type Html } from './html.ts'

/** One image of a drop: its verdict, downloads, registrations and checks. */
export function imagePanel(image: StoryImage, linkTo: LinkTo): Html {
  const { key, passed, testedIn, failure, downloads, targets, checks } = image
  const [flavour = '', architecture = ''] = key.split('.')
  const verdict = passed
    ? html`<span class="badge good">passed${checks.length > 0 ? html` in ${secondsInWords(testedIn)}` : ''}</span>`
    : html`<span class="badge bad">failed</span>`
  return html`<section class="image" aria-label="${key}">
    <h3>
      <span>${flavour} <span class="arch">${architecture}</span></span> ${verdict}
    </h3>
    ${failure === null ? '' : html`<p class="failure">${failure}</p>`}
    ${
      downloads.length === 0
        ? ''
        : html`<ul class="files">
            ${downloads.map((file) => downloadItem(file, linkTo))}
          </ul>`
    }
    ${targets.map(targetTable)} ${checks.length === 0 ? '' : checkList(checks)}
  </section> `
}

/** A file to download with its size and checksum. */
export function downloadItem({ name, path, size, sha256 }: Download, linkTo: LinkTo): Html {
  return html`<li>
    <a href="${linkTo(path)}">${name}</a> <span class="size">${sizeInWords(size)}</span>
    <span class="sum">SHA-256 <code>${sha256}</code></span>
  </li> `
}

function targetTable({ title, registrations }: StoryTarget): Html {
  return html`<table>
    <caption>
      ${title}
    </caption>
    <thead class="unseen">
      <tr>
        <th scope="col">Place</th>
        <th scope="col">Image id</th>
      </tr>
    </thead>
    <tbody>
      ${registrations.map(registrationRow)}
    </tbody>
  </table> `
}

function registrationRow({ place, id, name, emulated }: StoryRegistration): Html {
  const note = emulated ? html` <span class="badge plain" title="an emulator stood in for it">emulated</span>` : ''
  return html`<tr>
    <th scope="row">${place}</th>
    <td><code title="${name}">${id}</code>${note}</td>
  </tr> `
}

function checkList(checks: readonly CheckResult[]): Html {
  const failed = checks.filter((check) => check.outcome === 'failed').length
  const summary =
    failed === 0 ? `${count(checks.length, 'check')} of the boot test` : `${count(failed, 'check')} failed`
  return html`<details${failed > 0 ? html` open` : ''}><summary>${summary}</summary>
<ul class="checks">${checks.map(checkItem)}</ul></details>
`
}

function checkItem({ name, outcome, seconds, detail }: CheckResult): Html {
  return html`<li class="${outcome}">
    <strong>${name}</strong> ${outcome} at ${secondsInWords(seconds)}${detail === '' ? '' : html`: ${detail}`}
  </li> `
}
