import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import { Html } from '#markup/html.ts'

/** What makes the pages look as they do. */
export interface Theme {
  /** The files that pages are shown with, by their names; `style.css` is among them. */
  readonly files: ReadonlyMap<string, Buffer>
  /** Markup that stands first on a page from which `root` leads to the folder of the start page. */
  header(root: string): Html
  /** Markup that stands last on such a page. */
  footer(root: string): Html
}

/**
 * Reads a theme from its folder: `style.css`, other files that it needs, and, where they are there, `header.html` and
 * `footer.html`. These come from who runs this, so they are put into pages as they are.
 */
export function readTheme(folder: string): Theme {
  const { 'header.html': header, 'footer.html': footer, ...files } = Object.fromEntries(readFiles(folder))
  if (!files['style.css']) throw new InvalidConfig(`IMAGEDROP_ANNOUNCER_THEME: ${folder} has no style.css`)
  return { files: new Map(Object.entries(files)), header: fragment(header), footer: fragment(footer) }
}

function readFiles(folder: string): [string, Buffer][] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && !entry.isDirectory())
      .map(({ name }) => [name, readFileSync(join(folder, name))])
  } catch (error) {
    throw new InvalidConfig(`IMAGEDROP_ANNOUNCER_THEME: ${folder} cannot be read: ${messageOf(error)}`)
  }
}

function fragment(file: Buffer | undefined): (root: string) => Html {
  const markup = file?.toString('utf8') ?? ''
  return (root) => new Html(markup.replaceAll('{root}', root))
}
