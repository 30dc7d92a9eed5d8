import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { messageOf } from '#service/errors.ts'

/** Reads a YAML file of settings. Throws Error that names the file, the field and its value. */
export function readSettingsFile<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  let value: unknown
  try {
    value = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`, { cause: error })
  }
  const { success, data, error } = schema.safeParse(value)
  if (!success) throw new Error(`${path}: ${describeIssues(error, value)}`)
  return data
}
