import { refused } from '../api-error.ts'

/** The parameters of a query request, which are flat on the wire: `Filter.1.Value.2=x`. */
export interface Parameters {
  text(name: string): string | null
  required(name: string): string
  flag(name: string): boolean
  integer(name: string): number | null
  /** One of the values that AWS knows. */
  oneOf(name: string, known: readonly string[]): string | null
  /** A list of plain values: `Owner.1`, `Owner.2`. */
  texts(name: string): string[]
  /** A list of structures: `Filter.1.Name`, `Filter.1.Value.1`. */
  groups(name: string): Parameters[]
}

/** Checks that an action takes every parameter given, as `Filter.N.Value.N`. */
export function assertKnown(names: Iterable<string>, takes: readonly string[]): void {
  const known = new Set(['Action', 'Version', 'DryRun', ...takes])
  for (const name of names)
    if (!known.has(name.replaceAll(/\.\d+(?=\.|$)/g, '.N')))
      throw refused('UnknownParameter', `The parameter ${name} is not recognized`)
}

export function createParameters(given: ReadonlyMap<string, string>, prefix = ''): Parameters {
  const text = (name: string) => given.get(prefix + name) ?? null
  const indexes = (name: string) => {
    const start = `${prefix}${name}.`
    const found = [...given.keys()]
      .filter((key) => key.startsWith(start))
      .map((key) => Number.parseInt(key.slice(start.length), 10))
    return [...new Set(found)].filter(Number.isInteger).sort((one, other) => one - other)
  }
  return {
    text,
    required(name) {
      const value = text(name)
      if (value === null || value === '')
        throw refused('MissingParameter', `The request must contain the parameter ${prefix}${name}`)
      return value
    },
    flag: (name) => text(name) === 'true',
    integer(name) {
      const value = text(name)
      if (value === null) return null
      if (!/^\d+$/.test(value))
        throw refused('InvalidParameterValue', `Invalid value '${value}' for ${prefix}${name}. It must be an integer.`)
      return Number(value)
    },
    oneOf(name, known) {
      const value = text(name)
      if (value !== null && !known.includes(value))
        throw refused('InvalidParameterValue', `Invalid value '${value}' for ${lowerFirst(name)}.`)
      return value
    },
    texts: (name) => indexes(name).map((index) => text(`${name}.${String(index)}`) ?? ''),
    groups: (name) => indexes(name).map((index) => createParameters(given, `${prefix}${name}.${String(index)}.`)),
  }
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
