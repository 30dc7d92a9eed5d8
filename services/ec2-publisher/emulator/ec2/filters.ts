import { refused } from '../api-error.ts'
import type { TagRecord } from '../records.ts'
import type { Parameters } from './parameters.ts'

/** What a filter looks at: the values of one thing, as text. */
export type Look<Thing> = (thing: Thing) => readonly (string | number | boolean | null)[]

/** Keeps the things that match every filter; a filter matches when one of its values does, `*` and `?` are wild. */
export function applyFilters<Thing extends { readonly tags: readonly TagRecord[] }>(
  things: readonly Thing[],
  parameters: Parameters,
  known: Readonly<Record<string, Look<Thing>>>,
): Thing[] {
  const filters = parameters.groups('Filter').map((filter) => {
    const name = filter.required('Name')
    const values = filter.texts('Value').map(patternOf)
    const look = lookFor(name, known)
    return (thing: Thing) => look(thing).some((held) => held !== null && values.some((one) => one.test(String(held))))
  })
  return things.filter((thing) => filters.every((matches) => matches(thing)))
}

function lookFor<Thing extends { readonly tags: readonly TagRecord[] }>(
  name: string,
  known: Readonly<Record<string, Look<Thing>>>,
): Look<Thing> {
  if (name === 'tag-key') return ({ tags }) => tags.map((tag) => tag.key)
  const key = /^tag:(.+)$/s.exec(name)?.[1]
  if (key !== undefined) return ({ tags }) => tags.filter((tag) => tag.key === key).map((tag) => tag.value)
  const look = known[name]
  if (!look) throw refused('InvalidParameterValue', `The filter '${name}' is invalid`)
  return look
}

function patternOf(value: string): RegExp {
  const source = value
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}
