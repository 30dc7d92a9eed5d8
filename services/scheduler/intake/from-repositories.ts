import { readFile } from 'node:fs/promises'
import { composeStatusChanged } from '#events/compose.ts'
import { messageOf } from '#service/errors.ts'
import type { ComposeMessage } from './read-message.ts'

interface Repositories {
  /** `debian-12`, `fedora-43`, `fedora-rawhide`. */
  readonly distribution: string
  /** URL or folder of the mirror's root. */
  readonly mirror: string
  readonly signal?: AbortSignal
}

interface Release {
  readonly short: 'Debian' | 'Fedora'
  readonly version: string
  /** Files that tell when the repositories last changed, relative to the mirror's root; each needs one of its names. */
  readonly files: readonly (readonly string[])[]
  readonly dateOf: (text: string) => number | null
}

const codenames = new Map([
  ['12', 'bookworm'],
  ['13', 'trixie'],
])
const fileDeadline = 30_000

/**
 * Makes a compose-finished message for a distribution's repositories as they are now: its date is the newest of those
 * that the repositories themselves give. Throws when the distribution is not known or its mirror does not have it.
 */
export async function makeComposeMessage({ distribution, mirror, signal }: Repositories): Promise<ComposeMessage> {
  const release = releaseOf(distribution)
  const root = mirror.replace(/\/+$/, '')
  const dates = await Promise.all(release.files.map((names) => newestOf(root, names, release, signal)))
  const found = dates.filter((date) => typeof date === 'number')
  if (found.length === 0) throw new Error(`the mirror ${root} has no ${distribution}: ${dates.join('; ')}`)
  const date = new Date(Math.max(...found)).toISOString().slice(0, 10).replaceAll('-', '')
  const { short, version } = release
  return {
    topic: composeStatusChanged.subject,
    id: null,
    message: {
      compose_id: `${short}-${version}-${date}.n.0`,
      status: 'FINISHED',
      location: root,
      compose_date: date,
      compose_type: 'nightly',
      compose_respin: 0,
      compose_label: null,
      release_short: short,
      release_name: short,
      release_version: version,
      release_type: 'ga',
      release_is_layered: false,
    },
  }
}

function releaseOf(distribution: string): Release {
  const [, family, version] = /^(debian|fedora)-(\d+|rawhide)$/.exec(distribution) ?? []
  const codename = codenames.get(version ?? '')
  if (family === 'debian' && version && codename) return debian(version, codename)
  if (family === 'fedora' && version) return fedora(version)
  const known = [...codenames.keys()].map((number) => `debian-${number}`).join(', ')
  throw new Error(
    `distribution: expected ${known}, fedora-<number> or fedora-rawhide, got ${JSON.stringify(distribution)}`,
  )
}

function debian(version: string, codename: string): Release {
  // The security suite lies beside the mirror's root, on mirrors that have it.
  const suites = [`dists/${codename}`, `dists/${codename}-updates`, `../debian-security/dists/${codename}-security`]
  return {
    short: 'Debian',
    version,
    files: suites.map((suite) => [`${suite}/InRelease`, `${suite}/Release`]),
    dateOf: (text) => timeOf(Date.parse(/^Date: *(.+)$/m.exec(text)?.[1] ?? '')),
  }
}

function fedora(version: string): Release {
  const repomd = 'repodata/repomd.xml'
  const files =
    version === 'rawhide'
      ? [[`linux/development/rawhide/Everything/x86_64/os/${repomd}`]]
      : [
          [
            `linux/releases/${version}/Everything/x86_64/os/${repomd}`,
            `linux/development/${version}/Everything/x86_64/os/${repomd}`,
          ],
          [`linux/updates/${version}/Everything/x86_64/${repomd}`],
        ]
  return {
    short: 'Fedora',
    version: version === 'rawhide' ? 'Rawhide' : version,
    files,
    dateOf(text) {
      const seconds = [...text.matchAll(/<(?:revision|timestamp)>(\d{9,11})</g)].map((match) => Number(match[1]))
      return seconds.length > 0 ? Math.max(...seconds) * 1000 : null
    },
  }
}

/** The date that the first readable of some files gives, or why there is none. */
async function newestOf(
  root: string,
  names: readonly string[],
  { dateOf }: Release,
  signal: AbortSignal | undefined,
): Promise<number | string> {
  let why = ''
  for (const name of names) {
    try {
      const date = dateOf(await readText(`${root}/${name}`, signal))
      if (date !== null) return date
      why = `${name} gives no date`
    } catch (error) {
      signal?.throwIfAborted()
      why = `${name}: ${messageOf(error)}`
    }
  }
  return why
}

async function readText(place: string, signal: AbortSignal | undefined): Promise<string> {
  if (!/^https?:/.test(place)) return await readFile(place.replace(/^file:\/\//, ''), 'utf8')
  const deadline = AbortSignal.timeout(fileDeadline)
  const response = await fetch(place, { signal: signal ? AbortSignal.any([signal, deadline]) : deadline })
  if (!response.ok) throw new Error(`HTTP ${String(response.status)}`)
  return await response.text()
}

function timeOf(milliseconds: number): number | null {
  return Number.isNaN(milliseconds) ? null : milliseconds
}
