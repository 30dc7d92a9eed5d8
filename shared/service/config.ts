import { z } from 'zod'
import { describeIssues } from '#events/parse.ts'

/** A setting that cannot be used. The process does not start with it. */
export class InvalidConfig extends Error {
  override name = 'InvalidConfig'
  readonly code = 'INVALID_CONFIG'
}

/**
 * Reads a service's settings from the environment: the key `xzThreads` of the prefix `CONVERTER` is the variable
 * `IMAGEDROP_CONVERTER_XZ_THREADS`. Values are strings: use `z.coerce` for numbers. Throws InvalidConfig naming
 * the variable and the value; an unknown variable with the prefix is refused too. An empty value is none, as files that
 * pass variables on cannot leave one out.
 */
export function readConfig<Shape extends z.ZodRawShape>(
  prefix: string,
  shape: Shape,
  env: Readonly<Record<string, string | undefined>>,
): z.infer<z.ZodObject<Shape>> {
  const start = `IMAGEDROP_${prefix}_`
  const names = new Map(Object.keys(shape).map((key) => [variableOf(start, key), key]))
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(start) || value === undefined || value === '') continue
    const key = names.get(name)
    if (key === undefined)
      throw new InvalidConfig(`${name}: there is no such setting; there are ${[...names.keys()].join(', ')}`)
    given[key] = value
  }
  const parsed = z.object(shape).safeParse(given)
  if (parsed.success) return parsed.data
  const nameOf = ([key, ...rest]: readonly PropertyKey[]) =>
    [variableOf(start, String(key)), ...rest.map(String)].join('.')
  throw new InvalidConfig(describeIssues(parsed.error, given, nameOf), { cause: parsed.error })
}

/** A setting that is a list with commas between, each in one form; empty when there is none. */
export function listSetting(form: RegExp, isWritten: string) {
  return z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().regex(form, isWritten)))
}

function variableOf(start: string, key: string): string {
  return start + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}
