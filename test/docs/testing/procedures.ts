import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The commands of the pages in docs/release/, to be taken one after the other. */
export interface Procedures {
  /** Takes the next blocks of commands below a heading: so many, or all that are left. */
  take(page: string, heading: string, count?: number): string
  /** What nobody has taken. */
  left(): string[]
}

/** Reads the commands, with other names for what is where. */
export async function readProcedures(replacements: Readonly<Record<string, string>>): Promise<Procedures> {
  const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'release')
  const blocks: { page: string; heading: string; commands: string }[] = []
  for (const page of globSync('*.md', { cwd: folder })) {
    const text = await readFile(join(folder, page), 'utf8')
    for (const section of text.split(/^## /m)) {
      const heading = section.slice(0, section.indexOf('\n'))
      for (const [, indent = '', body = ''] of section.matchAll(/^( *)```sh\n([^]*?)^ *```$/gm)) {
        blocks.push({ page, heading, commands: body.replaceAll(new RegExp(`^${indent}`, 'gm'), '') })
      }
    }
  }
  for (const [there, here] of Object.entries(replacements)) {
    if (!blocks.some(({ commands }) => commands.includes(there))) throw new Error(`no command names ${there}`)
    for (const block of blocks) block.commands = block.commands.replaceAll(there, here)
  }

  return {
    take(page, heading, count = Infinity) {
      const found = blocks.filter((block) => block.page === page && block.heading === heading).slice(0, count)
      if (found.length === 0) throw new Error(`${page} has no commands left below "${heading}"`)
      for (const block of found) blocks.splice(blocks.indexOf(block), 1)
      return found.map(({ commands }) => commands).join('')
    },
    left: () => blocks.map(({ page, commands }) => `${page}: ${commands}`),
  }
}
