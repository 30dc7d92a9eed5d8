import { createHash } from 'node:crypto'
import { spdxOfDebian } from './debian-names.ts'

/** A licence that has no identifier of SPDX's: where its text is. */
export interface LicenseText {
  /** `LicenseRef-…` */
  readonly id: string
  /** What the file calls it; null for a file that is not in the form of DEP-5. */
  readonly name: string | null
  /** The file within the image. */
  readonly file: string
  /** Of the text as it stands in the file. */
  readonly sha256: string
}

/** What a package says of its licences. */
export interface DeclaredLicense {
  /** An SPDX expression of all that its copyright file names. */
  readonly expression: string
  readonly texts: readonly LicenseText[]
}

/**
 * Reads `/usr/share/doc/<package>/copyright`. In the form of DEP-5 it names the licences of all files of the source; they
 * hold together, as nothing says which of the files are in the package. Any other file is a licence text of its own.
 */
export function readCopyright(content: string, file: string): DeclaredLicense {
  if (!/^Format:\s*\S*copyright-format/i.test(content.trimStart())) return wholeFile(content, file)
  const licenses = content
    .split(/\n[ \t]*\n/)
    .map((stanza) => fieldsOf(stanza))
    .flatMap((fields) => {
      const license = fields.get('license')
      return license === undefined ? [] : [{ ...license, isUsed: fields.has('files') || fields.has('format') }]
    })
  const bodies = new Map(licenses.filter(({ body }) => body !== '').map(({ synopsis, body }) => [synopsis, body]))
  const texts = new Map<string, LicenseText>()
  const nameOf = (name: string): string => {
    const spdx = spdxOfDebian(name)
    if (spdx !== null) return spdx
    const text = textOf(name, name, bodies.get(name) ?? content, file)
    texts.set(text.id, text)
    return text.id
  }
  const synopses = licenses.filter(({ isUsed, synopsis }) => isUsed && synopsis !== '').map(({ synopsis }) => synopsis)
  const terms = [...new Set(synopses)].map((synopsis) => expressionOf(synopsis, nameOf))
  if (terms.length === 0) return wholeFile(content, file)
  const parts = [...new Set(terms)].toSorted()
  const expression = parts.length === 1 ? parts[0] : parts.map(inBrackets).join(' AND ')
  return { expression: expression ?? '', texts: [...texts.values()] }
}

function wholeFile(content: string, file: string): DeclaredLicense {
  const text = textOf('copyright', null, content, file)
  return { expression: text.id, texts: [text] }
}

interface Field {
  readonly synopsis: string
  readonly body: string
}

function fieldsOf(stanza: string): Map<string, Field> {
  const fields = stanza.matchAll(/^([A-Za-z][A-Za-z-]*):[ \t]*(.*)((?:\n[ \t].*)*)/gm)
  return new Map(
    [...fields].map(([, name = '', synopsis = '', body = '']) => [
      name.toLowerCase(),
      { synopsis: synopsis.trim().replaceAll(/\s+/g, ' '), body: body.trim() },
    ]),
  )
}

/** `A or B`, `A and B`; a comma before the word takes all before it together: `A or B, and C`. */
function expressionOf(synopsis: string, nameOf: (name: string) => string): string {
  const [first = '', ...others] = synopsis.split(/,\s*(?=(?:and|or)\s)/i)
  return others.reduce(
    (left, part) => {
      const word = /^or\s/i.test(part) ? 'OR' : 'AND'
      return `${inBrackets(left)} ${word} ${inBrackets(alternatives(part.replace(/^(and|or)\s+/i, ''), nameOf))}`
    },
    alternatives(first, nameOf),
  )
}

function alternatives(text: string, nameOf: (name: string) => string): string {
  const together = (one: string) => one.split(/\s+and\s+/i).map((name) => nameOf(name.trim()))
  const each = text.split(/\s+or\s+/i).map((one) => together(one).join(' AND '))
  return each.length === 1 ? (each[0] ?? '') : each.map(inBrackets).join(' OR ')
}

function inBrackets(expression: string): string {
  return expression.includes(' ') ? `(${expression})` : expression
}

function textOf(label: string, name: string | null, text: string, file: string): LicenseText {
  const sha256 = createHash('sha256').update(text).digest('hex')
  const plain = label.replaceAll(/[^A-Za-z0-9.]+/g, '-').slice(0, 60)
  return { id: `LicenseRef-Debian-${plain}-${sha256.slice(0, 12)}`, name, file, sha256 }
}
