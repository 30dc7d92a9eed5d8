import type { Download, StoryImage } from '../../../story/story.ts'
import { sizeInWords } from '../../../story/words.ts'
import { html, type Html } from '#markup/html.ts'
import type { Place } from './site.ts'

/** The file of an image that most people want. */
export function mainDownload({ downloads }: Pick<StoryImage, 'downloads'>): Download | null {
  return downloads.find(({ format }) => format !== null) ?? null
}

/** A large button for the file that most people want, and links to the image in other formats. */
export function downloadButtons({ key, downloads }: StoryImage, at: Place): Html {
  const [main, ...others] = downloads.filter(({ format }) => format !== null)
  if (!main) return html``
  return html`<p class="downloads">
    <a class="button" href="${at.toFile(main.path)}"
      >Download ${main.format ?? ''}<span class="unseen"> of ${key}</span> <small>${sizeInWords(main.size)}</small></a
    >
    ${others.map(
      (file) =>
        html`<span
          ><a href="${at.toFile(file.path)}">${file.format ?? ''}<span class="unseen"> of ${key}</span></a>
          <small>${sizeInWords(file.size)}</small></span
        > `,
    )}
  </p>`
}

/** Files with their sizes and checksums. */
export function fileList(files: readonly Download[], at: Place): Html {
  if (files.length === 0) return html``
  return html`<ul class="files">
    ${files.map(
      ({ name, path, size, sha256, alternatives }) =>
        html`<li>
          <a href="${at.toFile(path)}">${name}</a> <small>${sizeInWords(size)}</small>
          ${alternatives.map(
            (one) => html`<a href="${at.toFile(one.path)}">${one.title}<span class="unseen"> of ${name}</span></a> `,
          )}
          <span class="sum">SHA-256 <code>${sha256}</code></span>
        </li> `,
    )}
  </ul>`
}
