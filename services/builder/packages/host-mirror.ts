import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where a machine gets a distribution's packages from. */
export interface Mirror {
  readonly archive: string
  /** Debian keeps its security updates apart. */
  readonly security: string | null
}

/** The mirror of a distribution that this machine itself is configured with, or null when it has none. */
export async function readHostMirror(family: 'debian' | 'fedora', root = '/'): Promise<Mirror | null> {
  return family === 'debian' ? await debianMirror(root) : await fedoraMirror(root)
}

async function debianMirror(root: string): Promise<Mirror | null> {
  const files = await readConfiguration(
    join(root, 'etc/apt'),
    /^(sources\.list|sources\.list\.d\/[^/]+\.(list|sources))$/,
  )
  const entries = files.flatMap(({ name, text }) => (name.endsWith('.sources') ? parseDeb822(text) : parseLines(text)))
  // Other vendors' repositories look alike; Debian's archive is at a path of this name on every mirror.
  const archive = entries.find(({ url }) => /\/debian\/?$/.test(url))
  const security = entries.find(({ url, suite }) => /debian-security\/?$/.test(url) || suite.endsWith('-security'))
  if (archive === undefined) return null
  return { archive: trim(archive.url), security: security === undefined ? null : trim(security.url) }
}

interface Entry {
  readonly url: string
  readonly suite: string
}

/** `deb [options] URL SUITE COMPONENT…`, one a line. */
function parseLines(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line)
    return found?.[1] !== undefined && found[2] !== undefined ? [{ url: found[1], suite: found[2] }] : []
  })
}

/** Paragraphs of `Key: value`, with several addresses and suites in each. */
function parseDeb822(text: string): Entry[] {
  const uncommented = text.replace(/^#.*\n/gm, '')
  return uncommented.split(/\n\s*\n/).flatMap((paragraph) => {
    const words = (key: string) =>
      new RegExp(`^${key}:((?:.*\n?)(?:[ \t].*\n?)*)`, 'im').exec(paragraph)?.[1]?.trim().split(/\s+/) ?? []
    if (!words('Types').includes('deb') || words('Enabled').includes('no')) return []
    return words('URIs').flatMap((url) => words('Suites').map((suite) => ({ url, suite })))
  })
}

/** Only a configured address counts: what comes by metalink is for the package manager to choose. */
async function fedoraMirror(root: string): Promise<Mirror | null> {
  const files = await readConfiguration(join(root, 'etc/yum.repos.d'), /^fedora[^/]*\.repo$/)
  for (const { text } of files) {
    const address = /^\s*baseurl\s*=\s*(\S+?)\/linux\/(?:releases|development)\//m.exec(text)?.[1]
    if (address !== undefined) return { archive: address, security: null }
  }
  return null
}

async function readConfiguration(folder: string, names: RegExp): Promise<{ name: string; text: string }[]> {
  const found = await readdir(folder, { recursive: true }).catch(() => [])
  const wanted = found.filter((name) => names.test(name)).toSorted()
  return await Promise.all(wanted.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })))
}

function trim(url: string): string {
  return url.replace(/\/+$/, '')
}
