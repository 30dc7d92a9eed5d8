import { contentOf, type TreeEntry } from '#image/tree.ts'
import { below } from '../../disk/below.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** Where people and tools put secrets. Programs and their documents have too many strings that look like some. */
const folders = ['/etc', '/root', '/home', '/opt', '/srv', '/var/lib/cloud', '/usr/local']

const longest = 1024 ** 2

/** How secrets look, by what they are. Bounded, since a file of a stranger may be made to take long. */
const patterns: Readonly<Record<string, RegExp>> = {
  'a private key': /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/,
  'an access key': /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  'a secret access key': /aws_secret_access_key\s*[=:]\s*[A-Za-z0-9/+]{40}/i,
  'a token of GitHub': /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})\b/,
  'a token of GitLab': /\bglpat-[\w-]{20,}\b/,
  'a token of Slack': /\bxox[abprs]-[\w-]{10,}/,
  'a web token': /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,2000}\.[\w-]{10}/,
  'a password in an address': /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@'"<>]+:[^\s:/@'"<>]{3,}@[\w.-]+/,
  'a password for a host': /^[ \t]*machine[ \t]+\S+[ \t](?:.*[ \t])?password[ \t]+\S/m,
}

/** Nothing on it opens anything elsewhere. */
export const secrets: DiskCheck = {
  name: 'secrets',
  description: 'no private key, access key or token is among the configuration and in the homes',
  severity: 'error',
  rule: 'AWS, Recommendations for creating shared Linux AMIs, "Protect yourself"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async ({ tree }) => {
    const found: string[] = []
    const files = below(tree, ...folders).filter(({ type, size }) => type === 'file' && size > 0 && size <= longest)
    for (const file of files) {
      const kind = await secretIn(file)
      if (kind !== null) found.push(`${file.path} holds ${kind}`)
    }
    return passedIfNone(found, `none in ${String(files.length)} files`)
  },
}

async function secretIn(file: TreeEntry): Promise<string | null> {
  const text = (await contentOf(file)).toString('latin1')
  // Comments show how things are written.
  const said = text.replaceAll(/^[ \t]*[#;].*$/gm, '')
  return Object.entries(patterns).find(([, pattern]) => pattern.test(said))?.[0] ?? null
}
