import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Mustache from 'mustache'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import { cleanText } from '../story/words.ts'

/** The names that a template of each mail may use: whatever else it names is refused, instead of left out. */
export const templateNames = {
  'mail-drop': [
    'title',
    'drop',
    'release',
    'compose',
    'published',
    'blessedBy',
    'tree',
    'passed',
    'total',
    'complete',
    'opening',
    'facts',
    'table',
    'trouble',
    'registrations',
    'changes',
    'downloads',
    'verify',
  ],
  'mail-news': [
    'drop',
    'headline',
    'sentence',
    'opening',
    'images',
    'todo',
    'failed',
    'waiting',
    'withdrawn',
    'expired',
    'overdue',
    'unchanged',
  ],
} as const
type TemplateName = keyof typeof templateNames

/** What a template is filled with: lines, numbers, conditions, and lists of sections of lines. */
export type View<Name extends TemplateName> = Readonly<
  Record<(typeof templateNames)[Name][number], string | number | boolean | readonly string[]>
>

/** A mail as a template makes it: foreign text is in its place, whatever it holds. */
export interface Filled {
  /** One clean line. */
  readonly subject: string
  readonly text: string
}

/** The templates of all mails. */
export type Templates = {
  readonly [Name in TemplateName]: (view: View<Name>) => Filled
}

const suffix = '.mustache'
const ownFolder = join(import.meta.dirname, 'templates')

/** Reads our templates, or those of a folder that take their place. Throws InvalidConfig for what is no template. */
export function readTemplates(folder: string | null): Templates {
  const replaced = folder === null ? [] : namesIn(folder)
  const read = <Name extends TemplateName>(name: Name) =>
    readTemplate(name, join(folder !== null && replaced.includes(name) ? folder : ownFolder, name + suffix))
  return { 'mail-drop': read('mail-drop'), 'mail-news': read('mail-news') }
}

function namesIn(folder: string): string[] {
  const known = Object.keys(templateNames)
  return refusing(folder, () =>
    readdirSync(folder).map((file) => {
      const name = file.endsWith(suffix) ? file.slice(0, -suffix.length) : ''
      if (known.includes(name)) return name
      throw new Error(`it has ${file}, and the templates are ${known.map((one) => one + suffix).join(', ')}`)
    }),
  )
}

function readTemplate<Name extends TemplateName>(name: Name, path: string): (view: View<Name>) => Filled {
  const { subject, text } = refusing(path, () => {
    const [, first, rest] = /^Subject: (.+)\n\n([^]*)$/.exec(readFileSync(path, 'utf8').replaceAll('\r\n', '\n')) ?? []
    if (first === undefined || rest === undefined) {
      throw new Error('it has to begin with the line "Subject: …" and an empty one')
    }
    for (const part of [first, rest]) checkTokens(Mustache.parse(part) as Token[], templateNames[name], false)
    return { subject: first, text: rest }
  })
  const fill = (part: string, view: View<Name>) => Mustache.render(part, view, {}, { escape: String })
  return (view) => ({ subject: cleanText(fill(subject, view)), text: fill(text, view) })
}

/** Kind, name, two positions, and what is within a section. */
type Token = [string, string, number, number, Token[]?]

/** Names alone: a template that could reach into what it is given would reach what every object of the language has. */
function checkTokens(tokens: readonly Token[], names: readonly string[], inSection: boolean): void {
  for (const [kind, name, , , within] of tokens) {
    if (kind === 'text' || kind === '!' || kind === '=') continue
    if (kind === '>') throw new Error(`it takes in another template, {{>${name}}}, which is not possible`)
    const isKnown = name === '.' ? inSection : names.includes(name)
    if (!isKnown) throw new Error(`it names {{${name}}}; there are ${names.join(', ')}`)
    if (within) checkTokens(within, names, true)
  }
}

function refusing<Result>(path: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw new InvalidConfig(`IMAGEDROP_ANNOUNCER_TEMPLATES: ${path}: ${messageOf(error)}`, { cause: error })
  }
}
