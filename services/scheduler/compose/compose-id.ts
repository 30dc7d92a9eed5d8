import type { ComposeRef } from '#events/vocabulary.ts'
import { refused } from './refused.ts'

/** What a compose id says, in the grammar of productmd. */
export interface ComposeId {
  readonly short: string
  readonly version: string
  /** `ga`, or what the id names: `updates`, `updates-testing`, … */
  readonly releaseType: string
  /** The product that a layered release is built on, as `RHEL-7`. */
  readonly base: string | null
  readonly date: string
  readonly type: ComposeRef['type']
  readonly respin: number
}

/** productmd's RELEASE_TYPES besides `ga`; a longer one goes before its beginning. */
const releaseTypes = ['fast', 'updates-testing', 'updates', 'eus', 'aus', 'els', 'tus', 'e4s']
const suffixes = { production: '', nightly: '.n', test: '.t', ci: '.ci', development: '.d' } as const
const types = new Map<string, ComposeRef['type']>([
  ...Object.entries(suffixes).map(([type, suffix]) => [suffix, type as ComposeRef['type']] as const),
  ['.nightly', 'nightly'],
  ['.test', 'test'],
])

const shortName = '[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z][A-Za-z0-9]*)*?'
const versionName = '\\d+(?:\\.\\d+)*|[A-Za-z][A-Za-z0-9]*'
const head = `^(?<short>${shortName})-(?<version>${versionName})(?:-(?<releaseType>${releaseTypes.join('|')}))?`
const tail = `-(?<date>\\d{8})(?<suffix>\\.[a-z]+)?(?:\\.(?<respin>\\d{1,9}))?$`
const plain = new RegExp(head + tail)
const layered = new RegExp(`${head}-(?<base>${shortName}-(?:${versionName}))${tail}`)

/** Reads a compose id. Throws Refused when it is not one. */
export function parseComposeId(id: string): ComposeId {
  const parsed = readComposeId(id)
  if (parsed) return parsed
  throw refused('compose_id', id, 'expected a compose id as Fedora-Rawhide-20180426.n.0')
}

/** Reads a compose id; null when it is not one. */
export function readComposeId(id: string): ComposeId | null {
  if (id.length > 180) return null
  const groups = (plain.exec(id) ?? layered.exec(id))?.groups
  const type = types.get(groups?.['suffix'] ?? '')
  const { short, version, date } = groups ?? {}
  if (!type || !short || !version || !date || !isCalendarDate(date)) return null
  return {
    short,
    version,
    releaseType: groups?.['releaseType'] ?? 'ga',
    base: groups?.['base'] ?? null,
    date,
    type,
    respin: Number(groups?.['respin'] ?? 0),
  }
}

/** The compose id in its canonical spelling. */
export function formatComposeId({ short, version, releaseType, base, date, type, respin }: ComposeId): string {
  const release = [short, version, ...(releaseType === 'ga' ? [] : [releaseType]), ...(base === null ? [] : [base])]
  return `${release.join('-')}-${date}${suffixes[type]}.${String(respin)}`
}

/** Whether a text is a day as 20180426. */
export function isCalendarDate(date: string): boolean {
  if (!/^\d{8}$/.test(date)) return false
  const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
  const time = Date.parse(iso)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso)
}
