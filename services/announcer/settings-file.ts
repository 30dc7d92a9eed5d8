import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import type { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'

/** What a channel's file of settings holds. */
export interface SettingsFile<Settings> {
  readonly settings: Settings
  /** Reads what a path in it names, a secret or a certificate, without the end of its last line. */
  readonly read: (path: string) => string
}

/**
 * Reads the YAML file that a setting names, for a channel with more to set than variables can say. Paths in it start from
 * its folder. Throws InvalidConfig naming the variable, the file, the key and its value.
 */
export function readSettingsFile<Schema extends z.ZodType>(
  variable: string,
  path: string,
  schema: Schema,
): SettingsFile<z.infer<Schema>> {
  const refuse = (why: string, cause: unknown) => new InvalidConfig(`${variable}: ${path}: ${why}`, { cause })
  const read = (name: string) => {
    try {
      return readFileSync(resolve(dirname(path), name), 'utf8').trimEnd()
    } catch (error) {
      throw refuse(`${name} cannot be read: ${messageOf(error)}`, error)
    }
  }
  const content = contentOf(read(resolve(path)), (error) => refuse(`it is not YAML: ${error.message}`, error))
  const parsed = schema.safeParse(content)
  if (!parsed.success) throw refuse(describeIssues(parsed.error, content), parsed.error)
  return { settings: parsed.data, read }
}

function contentOf(text: string, refuse: (error: YAMLParseError) => Error): unknown {
  try {
    return parse(text) as unknown
  } catch (error) {
    throw error instanceof YAMLParseError ? refuse(error) : error
  }
}
