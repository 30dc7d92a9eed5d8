import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { counts, type CheckResult } from '#events/vocabulary.ts'
import { html, Html } from '#markup/html.ts'
import { readConsole } from './console-text.ts'
import { plainText } from './plain-text.ts'
import { style } from './style.ts'
import { partsOf, type Part, type Reported } from './subject.ts'
import { timeline } from './timeline.ts'

const styleHash = createHash('sha256').update(style).digest('base64')
/** As it is, since the hash is of every byte. */
const sheet = new Html(`<style>${style}</style>`)
/** No script, whatever a guest has said; its pictures are in the page. */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`

/** The report for people: one page that needs no other file, with console, screenshots and the boot's timeline. */
export async function formatPage(report: Reported): Promise<string> {
  const title = `Boot test of ${plainText(report.name)}`
  const parts: Html[] = []
  for (const part of partsOf(report)) parts.push(await partOf(part))
  const bad = report.checks.filter(counts)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title}</title>
        ${sheet}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${summary(report)} ${notes(report.notes)} ${bad.map(failure)} ${parts}
        </main>
        <footer>
          <p><small>Made by imagedrop.</small></p>
        </footer>
      </body>
    </html> `.markup
}

function summary({ verdict, disk, testedAt, boots, checks }: Reported): Html {
  const passed = checks.filter(({ outcome }) => outcome === 'passed').length
  const facts = {
    Tested: `${testedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    Checks: `${String(passed)} of ${String(checks.length)} passed`,
    Boots: String(boots.length),
    'Disk, SHA-256': disk.sha256,
    Size: `${String(disk.size)} bytes`,
  }
  return html`<p><span class="badge ${verdict === 'passed' ? 'good' : 'bad'}">${verdict}</span></p>
    ${list(facts)}`
}

function list(facts: Readonly<Record<string, string>>): Html {
  return html`<dl>
    ${Object.entries(facts).map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div> `,
    )}
  </dl>`
}

function notes(all: readonly string[]): Html {
  if (all.length === 0) return html``
  return html`<h2>To be seen to</h2>
    <ul>
      ${all.map((note) => html`<li>${plainText(note)}</li> `)}
    </ul>`
}

function failure(check: CheckResult, index: number): Html {
  const where = check.boot === undefined ? 'disk' : check.boot
  return html`<div class="failure">
    <h2>${check.name} failed (${where})</h2>
    <p>Expected: ${check.expected ?? 'that it passes'}.</p>
    <p>Found: ${plainText(check.detail)}</p>
    ${preformatted((check.lines ?? []).map(plainText).join('\n'), `Console around failure ${String(index + 1)}`)}
  </div> `
}

async function partOf({ title, id, boot, checks }: Part): Promise<Html> {
  return html`<article aria-labelledby="${id}">
    <h2 id="${id}">${boot ? `Boot ${title}` : 'On the disk'}</h2>
    ${boot ? await bootOf(boot, title) : ''} ${checkList(checks)} ${boot ? await logsOf(boot, title) : ''}
  </article> `
}

function checkList(checks: Part['checks']): Html {
  if (checks.length === 0) return html``
  return html`<h3>Checks</h3>
    <ul class="checks">
      ${checks.map(checkItem)}
    </ul>`
}

async function bootOf(boot: NonNullable<Part['boot']>, title: string): Promise<Html> {
  const { firmware, chipset, disk, tpm, datasource, accelerator, outcome, reason, screenshots } = boot
  const facts = { Firmware: firmware, Chipset: chipset, Disk: disk, TPM: tpm ? '2.0' : 'none' }
  const pictures = await Promise.all(screenshots.map(async ({ moment, path }) => picture(title, moment, path)))
  return html`<p><span class="badge ${outcome === 'passed' ? 'good' : 'bad'}">${outcome}</span></p>
    ${list({ ...facts, 'Data source': datasource, Accelerator: accelerator })}
    ${reason === null ? '' : html`<p class="failure">${plainText(reason)}</p>`} ${timeline(boot, title)}
    ${pictures.length === 0 ? '' : html`<div class="screens">${pictures}</div>`}`
}

async function picture(boot: string, moment: string, path: string): Promise<Html> {
  const data = (await readFile(path)).toString('base64')
  return html`<figure>
    <img src="data:image/png;base64,${data}" alt="Screen of ${boot} at the moment: ${moment}" />
    <figcaption>${moment}</figcaption>
  </figure> `
}

function checkItem({ name, outcome, seconds, detail, waived }: CheckResult): Html {
  const said = plainText(detail)
  return html`<li class="${waived ? 'skipped' : outcome}">
    <strong>${name}</strong> ${outcome} at ${seconds.toFixed(1)} s${said === '' ? '' : html`: ${said}`}
    ${waived ? html`<small>does not count: ${why(waived)}</small>` : ''}
  </li> `
}

function why({ reason, link, until }: NonNullable<CheckResult['waived']>): Html {
  const words = link === undefined ? html`${plainText(reason)}` : html`<a href="${link}">${plainText(reason)}</a>`
  return until === undefined ? words : html`${words}, until ${until}`
}

async function logsOf({ console, requests }: NonNullable<Part['boot']>, title: string): Promise<Html> {
  return html`${console === null ? '' : folded('Console', await readConsole(console), title)}
  ${requests === null ? '' : folded('Requests of the guest', await readConsole(requests), title)}`
}

function folded(name: string, text: string, title: string): Html {
  return html`<details>
    <summary>${name}, ${text.split('\n').length} lines</summary>
    ${preformatted(text, `${name} of ${title}`)}
  </details> `
}

/** What scrolls can be reached by keys. */
function preformatted(text: string, label: string): Html {
  if (text.trim() === '') return html``
  return html`<section tabindex="0" aria-label="${label}"><pre>${text}</pre></section>`
}
