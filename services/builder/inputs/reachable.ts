import { setImmediate } from 'node:timers/promises'

/** A text with paragraphs of `Field: value`, as Debian's index of a suite has one for each package. */
export interface PackageIndex {
  readonly text: string
}

interface Found {
  readonly paragraphs: string[]
  /** Names that it leads to: what it depends on or recommends, each alternative of it. */
  readonly leadsTo: Set<string>
}

const lists = new Set(['Depends', 'Pre-Depends', 'Recommends'])

/**
 * The paragraphs of all packages that could get into an image when these were asked for, whatever the package manager
 * prefers: with every alternative, every package that provides one, and what no system goes without. What it installs is a function of
 * these, so as long as they are the same, so is what is installed.
 */
export async function reachable(indexes: readonly PackageIndex[], names: Iterable<string>): Promise<string[]> {
  const known = new Map<string, Found>()
  const providers = new Map<string, Set<string>>()
  const essential: string[] = []
  for (const { text } of indexes) {
    for await (const paragraph of paragraphsOf(text)) {
      const fields = readFields(paragraph)
      const name = fields.get('Package')
      if (name === undefined) continue
      const found = known.get(name) ?? { paragraphs: [], leadsTo: new Set() }
      found.paragraphs.push(paragraph)
      known.set(name, found)
      for (const field of lists) for (const one of namesIn(fields.get(field))) found.leadsTo.add(one)
      for (const one of namesIn(fields.get('Provides'))) {
        providers.set(one, (providers.get(one) ?? new Set()).add(name))
      }
      if (fields.get('Essential') === 'yes') essential.push(name)
    }
  }
  const seen = new Set<string>()
  const open = [...names, ...essential]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    open.push(...(known.get(name)?.leadsTo ?? []), ...(providers.get(name) ?? []))
  }
  return [...seen].flatMap((name) => known.get(name)?.paragraphs ?? []).toSorted()
}

/** Debian's index has 60,000: in between, others get their turn. */
async function* paragraphsOf(text: string): AsyncGenerator<string> {
  let start = 0
  for (let count = 1; start < text.length; count += 1) {
    const end = text.indexOf('\n\n', start)
    yield text.slice(start, end === -1 ? undefined : end).trim()
    start = end === -1 ? text.length : end + 2
    if (count % 2000 === 0) await setImmediate()
  }
}

function readFields(paragraph: string): Map<string, string> {
  const wanted = /^(Package|Depends|Pre-Depends|Recommends|Provides|Essential): *(.*)$/gm
  return new Map([...paragraph.matchAll(wanted)].map(([, name = '', value = '']) => [name, value.trim()]))
}

/** `libc6 (>= 2.36), mail-transport-agent | exim4:any` names three. */
function namesIn(relations = ''): string[] {
  return relations.split(/[,|]/).flatMap((one) => /^[^\s(:<[]+/.exec(one.trim())?.[0] ?? [])
}
