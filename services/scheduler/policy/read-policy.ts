import { basename } from 'node:path'
import { parseYaml, readYamlFile } from '#service/yaml-file.ts'
import { checkPolicy, type Surroundings } from './check-policy.ts'
import { policySchema, type Policy, type PolicyFile } from './policy.ts'

/** Reads the policy file. Throws InvalidConfig naming the file, the key, its value and what is allowed. */
export function readPolicy(path: string, surroundings: Surroundings): Policy {
  return checked(readYamlFile(path, policySchema, 'the drop policy'), basename(path), surroundings)
}

/** Reads a policy from its text; `name` is what errors call it. */
export function parsePolicy(text: string, name: string, surroundings: Surroundings): Policy {
  return checked(parseYaml(text, name, policySchema), name, surroundings)
}

function checked(file: PolicyFile, name: string, surroundings: Surroundings): Policy {
  return { ...file, publishers: checkPolicy(file, name, surroundings) }
}
