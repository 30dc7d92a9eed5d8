import type { StoryImage, StoryRegistration, StoryTarget } from '../../../story/story.ts'
import { html, type Html } from '#markup/html.ts'
import type { Site } from './site.ts'

/** What is needed of where a page stands. */
interface At {
  readonly site: Pick<Site, 'launchAddressOf'>
}

/** Where an image can be started, a table per target. */
export function launchTables({ key, targets }: Pick<StoryImage, 'key' | 'targets'>, at: At): readonly Html[] {
  return targets.map((target) => launchTable(key, target, at))
}

function launchTable(key: string, { name, title, registrations, missing }: StoryTarget, at: At): Html {
  return html`<table class="launch">
    <caption>
      ${title}<span class="unseen">: ${key}</span>
    </caption>
    <thead class="unseen">
      <tr>
        <th scope="col">Place</th>
        <th scope="col">Image id</th>
        <th scope="col">Start it</th>
      </tr>
    </thead>
    <tbody>
      ${registrations.map(
        (one) =>
          html`<tr>
            <th scope="row">${one.place}</th>
            <td><code title="${one.name}">${one.id}</code></td>
            <td>${launchLink(key, name, one, at)}</td>
          </tr> `,
      )}
      ${missing.map(
        (place) =>
          html`<tr>
            <th scope="row">${place}</th>
            <td colspan="2">not yet</td>
          </tr> `,
      )}
    </tbody>
  </table> `
}

/** Nobody can start a machine from what only an emulator has. */
function launchLink(
  key: string,
  target: string,
  { place, id, emulated, state, trouble }: StoryRegistration,
  { site }: At,
): Html {
  if (trouble !== null) return html`<span class="badge bad">${trouble}</span>`
  if (state !== null) return html`<span class="badge plain">${state}${emulated ? ', emulated' : ''}</span>`
  if (emulated) return html`<span class="badge plain" title="an emulator stood in for it">emulated</span>`
  const address = site.launchAddressOf(target, place, id)
  if (address === null) return html`<span class="badge plain">registered</span>`
  return html`<a class="button small" href="${address}">Launch<span class="unseen"> ${key} in ${place}</span></a>`
}
