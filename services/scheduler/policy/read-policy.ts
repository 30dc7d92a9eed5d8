import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { describeIssues } from '#events/parse.ts'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import { checkPolicy, type Surroundings } from './check-policy.ts'
import { policySchema, type Policy } from './policy.ts'

/** Reads the policy file. Throws InvalidConfig naming the file, the key, its value and what is allowed. */
export function readPolicy(path: string, surroundings: Surroundings): Policy {
  return parsePolicy(textOf(path), basename(path), surroundings)
}

/** Reads a policy from its text; `name` is what errors call it. */
export function parsePolicy(text: string, name: string, surroundings: Surroundings): Policy {
  const content = contentOf(text, name)
  const parsed = policySchema.safeParse(content)
  if (parsed.success) return { ...parsed.data, publishers: checkPolicy(parsed.data, name, surroundings) }
  throw new InvalidConfig(`${name}: ${describeIssues(parsed.error, content)}`, { cause: parsed.error })
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidConfig(`the drop policy ${path} cannot be read: ${messageOf(error)}`, { cause: error })
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
