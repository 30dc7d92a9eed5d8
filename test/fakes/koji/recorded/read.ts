import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** One exchange with a real hub: `Koji-…` headers and the body word for word, without what changes each time. */
export interface Exchange {
  readonly id: number
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
  /** `raw` where the connection was closed instead. */
  readonly reply:
    | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
    | { readonly raw: string }
  readonly note?: string
}

/** The chapters of what was recorded; each is a file beside this one. */
export const chapters = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.jsonl'))
  .map((file) => file.replace(/\.jsonl$/, ''))

/** The exchanges of one chapter, in the order in which they were made. */
export function recorded(chapter: string): Exchange[] {
  const text = readFileSync(join(import.meta.dirname, `${chapter}.jsonl`), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Exchange)
}
