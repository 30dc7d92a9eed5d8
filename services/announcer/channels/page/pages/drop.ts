import type { Story } from '../../../story/story.ts'
import { html, type Html } from '#markup/html.ts'
import { fileList } from '../parts/downloads.ts'
import { imagePanel } from '../parts/image-panel.ts'
import { addresses, releaseTitle, type Page, type Place } from '../parts/site.ts'
import { dropVerdict, publishedOn } from '../parts/verdict.ts'
import { verifyCommands } from '../parts/verify.ts'

/** The page of one drop that stands: everything that is known of it. */
export function dropPage(story: Story): Page {
  const { images, otherFiles } = story
  return {
    path: addresses.drop(story),
    title: story.title,
    content: (at) =>
      html`<p>${dropVerdict(story)} ${publishedOn(story)}</p>
        ${facts(story, at)}
        <h2>Images</h2>
        <div class="images">${images.map((image) => imagePanel(story, image, at))}</div>
        <h2>Verify a download</h2>
        ${verifyCommands(story, at)} ${otherFiles.length === 0 ? '' : html`<h2>Checksums and indexes</h2>`}
        ${fileList(otherFiles, at)}`,
  }
}

function facts({ drop, release, compose, blessedBy, tree, signature }: Story, at: Place): Html {
  return html`<dl>
    <div>
      <dt>Release</dt>
      <dd><a href="${at.to(addresses.release(release))}">${releaseTitle(release)}</a></dd>
    </div>
    <div>
      <dt>Drop</dt>
      <dd>${drop}</dd>
    </div>
    <div>
      <dt>Compose</dt>
      <dd>${compose}</dd>
    </div>
    <div>
      <dt>Blessed by</dt>
      <dd>${blessedBy}</dd>
    </div>
    <div>
      <dt>Tree</dt>
      <dd><a href="${at.toFile(tree.path)}">${tree.name}</a></dd>
    </div>
    ${signature === null ? '' : signedBy(signature, at)}
  </dl>`
}

function signedBy({ fingerprint, key }: NonNullable<Story['signature']>, at: Place): Html {
  return html`<div>
    <dt>Signed by</dt>
    <dd>
      <a href="${at.toFile(key.path)}">${fingerprint}</a>:
      <code>gpgv --keyring ./key.gpg SHA256SUMS.gpg SHA256SUMS</code>
    </dd>
  </div>`
}
