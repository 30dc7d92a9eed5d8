import type { CheckResult } from '#events/vocabulary.ts'
import type { Download, StoryAmi, StoryImage } from '../story/story.ts'
import { count, secondsInWords, sizeInWords } from '../story/words.ts'
import { html, type Html } from './html.ts'

/** One image of a drop: its verdict, downloads, AMIs and checks. */
export function imagePanel(image: StoryImage): Html {
  const { key, passed, testedIn, failure, downloads, amis, checks } = image
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
            ${downloads.map(downloadItem)}
          </ul>`
    }
    ${amis.length === 0 ? '' : amiTable(amis)} ${checks.length === 0 ? '' : checkList(checks)}
  </section> `
}

/** A file to download with its size and checksum. */
export function downloadItem({ name, url, size, sha256 }: Download): Html {
  return html`<li>
    <a href="${url}">${name}</a> <span class="size">${sizeInWords(size)}</span>
    <code class="sum"><span class="unseen">SHA-256 </span>${sha256}</code>
  </li> `
}

function amiTable(amis: readonly StoryAmi[]): Html {
  return html`<table>
    <caption>
      Amazon EC2
    </caption>
    <thead class="unseen">
      <tr>
        <th scope="col">Region</th>
        <th scope="col">AMI</th>
      </tr>
    </thead>
    <tbody>
      ${amis.map(amiRow)}
    </tbody>
  </table> `
}

function amiRow({ region, id, name, emulated }: StoryAmi): Html {
  const note = emulated ? html` <span class="badge plain" title="an emulator stood in for AWS">emulated</span>` : ''
  return html`<tr>
    <th scope="row">${region}</th>
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
