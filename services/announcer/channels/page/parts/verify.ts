import { shellWord } from '../../../story/shell-word.ts'
import type { Download, Story } from '../../../story/story.ts'
import { html, type Html } from '#markup/html.ts'
import { mainDownload } from './downloads.ts'
import type { Place } from './site.ts'

/** Commands that verify a download, to be copied. */
export function verifyCommands(story: Story, at: Place): Html {
  const lists = story.otherFiles.filter((file) => file.name.endsWith('CHECKSUM'))
  const files = story.images.flatMap((image) => mainDownload(image) ?? [])
  const commands = lists.length > 0 ? lists.map((list) => byList(list, files, at)) : files.slice(0, 1).map(bySum)
  if (commands.length === 0) return html`<p>There is nothing to download.</p>`
  const where = lists.length > 0 && at.site.mirrorUrl === null ? 'Put a download beside its CHECKSUM file, then:' : ''
  return html`${where === '' ? '' : html`<p>${where}</p>`}
    <section class="commands" aria-label="Commands that verify a download of ${story.title}" tabindex="0">
      <pre><code>${commands.join('\n')}</code></pre>
    </section>`
}

/** With a public mirror, from the download on. */
function byList(list: Download, files: readonly Download[], at: Place): string {
  const check = `sha256sum -c --ignore-missing ${shellWord(list.name)}`
  const example = files.find(({ path }) => folderOf(path) === folderOf(list.path))
  if (at.site.mirrorUrl === null || !example) return check
  const fetched = [example, list].map(({ path }) => `curl -LO ${shellWord(at.toFile(path))}`)
  return [...fetched, check].join('\n')
}

function bySum({ sha256, name }: Download): string {
  return `echo ${shellWord(`${sha256}  ${name}`)} | sha256sum -c`
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
