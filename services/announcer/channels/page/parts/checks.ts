import { counts, type CheckResult, type Waiver } from '#events/vocabulary.ts'
import type { StoryImage } from '../../../story/story.ts'
import { count, secondsInWords } from '../../../story/words.ts'
import { html, type Html } from '#markup/html.ts'
import { checksId } from './verdict.ts'

/** What the boot test saw of an image; open where something failed. */
export function checkList({ key, checks }: StoryImage): Html {
  if (checks.length === 0) return html``
  const failed = checks.filter(counts).length
  const summary =
    failed === 0 ? `${count(checks.length, 'check')} of the boot test` : `${count(failed, 'check')} failed`
  return html`<details id="${checksId(key)}" ${failed > 0 ? html` open` : ''}>
    <summary>${summary}<span class="unseen">: ${key}</span></summary>
    <ul class="checks">
      ${checks.map(checkItem)}
    </ul>
  </details> `
}

function checkItem({ name, boot, outcome, seconds, detail, waived }: CheckResult): Html {
  const where = boot === undefined ? '' : ` (${boot})`
  return html`<li class="${waived ? 'skipped' : outcome}">
    <strong>${name}</strong>${where} ${outcome} at ${secondsInWords(seconds)}${detail === '' ? '' : html`: ${detail}`}
    ${waived ? whyItDoesNotCount(waived) : ''}
  </li> `
}

function whyItDoesNotCount({ reason, link }: Waiver): Html {
  const why = link === undefined ? html`${reason}` : html`<a href="${link}">${reason}</a>`
  return html`<small>(does not count: ${why})</small>`
}
