import type { Tree } from '#image/tree.ts'
import { linesOf } from './below.ts'

/** Somewhere that the package manager takes packages from. */
export interface PackageSource {
  /** The file that says so. */
  readonly from: string
  readonly addresses: readonly string[]
  /** What is taken from there: `deb bookworm main`, or the id of a repository of dnf. */
  readonly offers: readonly string[]
  /** The file or address of the key, or the key itself; null when none is named. */
  readonly key: string | null
  /** It says that signatures are not asked for. */
  readonly isUnsigned: boolean
}

/** The package sources of apt and of dnf that are enabled. */
export async function sourcesOf(tree: Tree): Promise<PackageSource[]> {
  return [...(await ofApt(tree)), ...(await ofDnf(tree))]
}

async function ofApt(tree: Tree): Promise<PackageSource[]> {
  const folder = '/etc/apt/sources.list.d'
  const names = tree.names(folder).map((name) => `${folder}/${name}`)
  const found: PackageSource[] = []
  for (const from of ['/etc/apt/sources.list', ...names.filter((name) => name.endsWith('.list'))]) {
    for (const line of await linesOf(tree, from)) found.push(await oneLine(tree, from, line))
  }
  for (const from of names.filter((name) => name.endsWith('.sources'))) {
    // Without comments, but with the empty lines that part stanzas.
    const text = ((await tree.text(from)) ?? '').replaceAll(/^#.*\n/gm, '')
    for (const stanza of text.split(/\n{2,}/).filter((one) => one.trim() !== '')) {
      const source = await oneStanza(tree, from, stanza)
      if (source !== null) found.push(source)
    }
  }
  return found
}

/** `deb [signed-by=/key trusted=yes] http://host/debian suite main`. */
async function oneLine(tree: Tree, from: string, line: string): Promise<PackageSource> {
  const [, type = '', options = '', address = '', suite = '', components = ''] =
    /^(deb(?:-src)?)\s+(?:\[(.*?)\]\s+)?(\S+)\s*(\S*)\s*(.*)$/.exec(line) ?? []
  return {
    from,
    addresses: await resolved(tree, [address]),
    offers: offersOf({ types: [type], suites: [suite], components: words(components) }),
    key: /\bsigned-by=(\S+)/i.exec(options)?.[1] ?? null,
    isUnsigned: /\b(trusted|allow-insecure|allow-weak)=yes\b/i.test(options),
  }
}

async function oneStanza(tree: Tree, from: string, stanza: string): Promise<PackageSource | null> {
  const field = (name: string) =>
    new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trim() ?? null
  if (/^no$/i.test(field('Enabled') ?? '')) return null
  const [types = [], suites = [], components = []] = ['Types', 'Suites', 'Components'].map((name) => words(field(name)))
  return {
    from,
    addresses: await resolved(tree, words(field('URIs'))),
    offers: offersOf({ types, suites, components }),
    key: field('Signed-By'),
    isUnsigned: ['Trusted', 'Allow-Insecure', 'Allow-Weak'].some((name) => /^yes$/i.test(field(name) ?? '')),
  }
}

/** A suite that is a path of its own has no components. */
function offersOf({
  types,
  suites,
  components,
}: Record<'types' | 'suites' | 'components', readonly string[]>): string[] {
  const parts = components.length === 0 ? [''] : components
  return types.flatMap((type) =>
    suites.flatMap((suite) => parts.map((part) => [type, suite, part].filter(Boolean).join(' '))),
  )
}

function words(text: string | null): string[] {
  return (text ?? '').split(/\s+/).filter(Boolean)
}

/** apt's `mirror+file:` names a file that has the addresses. */
async function resolved(tree: Tree, addresses: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const address of addresses) {
    const list = /^mirror\+file:(?:\/\/)?(\/.*)$/.exec(address)?.[1]
    if (list === undefined) found.push(address)
    else found.push(...(await linesOf(tree, list)).map((line) => line.split(/\s+/)[0] ?? ''))
  }
  return found
}

async function ofDnf(tree: Tree): Promise<PackageSource[]> {
  const main = (await tree.text('/etc/dnf/dnf.conf')) ?? (await tree.text('/etc/yum.conf')) ?? ''
  const checksAlways =
    !/^[ \t]*gpgcheck[ \t]*=[ \t]*(0|false|no)[ \t]*$/im.test(main) && /^[ \t]*gpgcheck[ \t]*=/im.test(main)
  const found: PackageSource[] = []
  const files = tree.names('/etc/yum.repos.d').filter((name) => name.endsWith('.repo'))
  for (const from of files.map((name) => `/etc/yum.repos.d/${name}`)) {
    const sections = ((await tree.text(from)) ?? '').split(/^[ \t]*(?=\[)/m)
    for (const section of sections.filter((one) => one.startsWith('['))) {
      const value = (key: string) =>
        new RegExp(`^[ \\t]*${key}[ \\t]*=[ \\t]*(.*?)[ \\t]*$`, 'im').exec(section)?.[1] ?? null
      if (/^(0|false|no)$/i.test(value('enabled') ?? '1')) continue
      const addresses = [value('metalink'), value('mirrorlist'), value('baseurl')].flatMap(
        (one) => one?.split(/\s+/) ?? [],
      )
      const check = value('gpgcheck')
      found.push({
        from,
        addresses: addresses.filter(Boolean),
        offers: [/^\[(.*?)\]/.exec(section)?.[1] ?? ''],
        key: value('gpgkey')?.replace(/^file:\/\//, '') ?? null,
        isUnsigned: check === null ? !checksAlways : !/^(1|true|yes)$/i.test(check),
      })
    }
  }
  return found
}
