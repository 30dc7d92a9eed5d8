import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { InvalidConfig } from './config.ts'
import { messageOf } from './errors.ts'

/** A part of a file of policy: its keys are all that there may be, and a wrong one is answered with the right ones. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `there is no key ${issue.keys?.map((key) => `"${key}"`).join(', ') ?? ''}; there are ${Object.keys(shape).join(', ')}`
        : undefined,
  })
}

/** Reads a YAML file; `what` is what errors call it. Throws InvalidConfig naming the file, the key, its value and what is allowed. */
export function readYamlFile<Schema extends z.ZodType>(path: string, schema: Schema, what: string): z.output<Schema> {
  return parseYaml(textOf(path, what), basename(path), schema)
}

/** Reads what a YAML file holds; `name` is what errors call it. */
export function parseYaml<Schema extends z.ZodType>(text: string, name: string, schema: Schema): z.output<Schema> {
  const content = contentOf(text, name)
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  throw new InvalidConfig(`${name}: ${describeIssues(parsed.error, content)}`, { cause: parsed.error })
}

function textOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidConfig(`${what} ${path} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

function contentOf(text: string, name: string): unknown {
  try {
    return parse(text) as unknown
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new InvalidConfig(`${name} is not YAML: ${error.message}`, { cause: error })
  }
}
