import type { Aspects, Facts } from '#image/description.ts'
import type { Tree } from '#image/tree.ts'
import { pathPattern } from '#image/path-pattern.ts'
import { linesOf } from '../../disk/below.ts'

const main = '/etc/ssh/sshd_config'

/** Keywords of which every line counts; of the others sshd takes the first. */
const repeated = new Set(['acceptenv', 'subsystem', 'port', 'listenaddress', 'hostkey', 'setenv', 'allowusers'])

/** What the configuration of sshd sets. What it does not set is as the package was compiled. */
export async function sshdFacts(tree: Tree): Promise<Facts> {
  const facts = new Map<string, Aspects>()
  let condition = ''
  for (const line of await withIncluded(tree, main)) {
    const [, keyword = '', value = ''] = /^(\S+?)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? []
    const name = keyword.toLowerCase()
    if (name === 'match') condition = `, where ${value}`
    else if (name !== '') {
      const key = repeated.has(name) ? `${name} ${value.replaceAll(/\s+/g, ' ')}` : name
      const aspects = repeated.has(name) ? {} : { value }
      if (!facts.has(key + condition)) facts.set(key + condition, aspects)
    }
  }
  return facts
}

async function withIncluded(tree: Tree, path: string, depth = 0): Promise<string[]> {
  const lines: string[] = []
  for (const line of await linesOf(tree, path)) {
    const patterns = /^include\s+(.*)$/i.exec(line)?.[1]?.split(/\s+/)
    if (patterns === undefined) lines.push(line)
    else if (depth < deepest) {
      for (const file of patterns.flatMap((one) => matching(tree, one))) {
        lines.push(...(await withIncluded(tree, file, depth + 1)))
      }
    }
  }
  return lines
}

const deepest = 8

function matching(tree: Tree, pattern: string): string[] {
  const absolute = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`
  const folder = absolute.slice(0, absolute.lastIndexOf('/'))
  const names = tree.names(folder).map((name) => `${folder}/${name}`)
  return names.filter((path) => pathPattern(absolute).test(path))
}
