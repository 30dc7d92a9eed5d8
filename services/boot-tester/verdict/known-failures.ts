import { basename } from 'node:path'
import { z } from 'zod'
import { InvalidConfig } from '#service/config.ts'
import { parseYaml, readYamlFile, section } from '#service/yaml-file.ts'
import { isAbout, matchesOne, subjectPatterns, type Subject } from '../plan/subject.ts'

const knownFailure = section({
  check: z.string().min(1).describe('Name of the check that fails'),
  ...subjectPatterns,
  boot: z.array(z.string().min(1)).min(1).optional().describe('Names of boots; * stands for any letters'),
  reason: z.string().min(1).max(300).describe('What is wrong, for people'),
  link: z.url({ protocol: /^https?$/ }).describe('Where it is tracked'),
  expires: z.iso.date('expected a day as 2027-01-31').describe('The last day on which the failure does not count'),
})
/** A check that is known to fail on some images, until a day. */
export type KnownFailure = z.infer<typeof knownFailure>

/** The known failures, `deploy/known-failures.yaml`. */
export const knownFailuresSchema = section({ failures: z.array(knownFailure) })

/** Reads the known failures. Throws InvalidConfig naming the file, the key, its value and what is allowed. */
export function readKnownFailures(path: string, checks: readonly string[]): readonly KnownFailure[] {
  return checked(readYamlFile(path, knownFailuresSchema, 'the list of known failures').failures, basename(path), checks)
}

/** Reads known failures from their text; `name` is what errors call it. */
export function parseKnownFailures(text: string, name: string, checks: readonly string[]): readonly KnownFailure[] {
  return checked(parseYaml(text, name, knownFailuresSchema).failures, name, checks)
}

/** Whether a known failure is about a check's result in one boot; `boot` is undefined for what is seen on the disk. */
export function isAboutResult(
  known: KnownFailure,
  { name, boot }: { readonly name: string; readonly boot?: string | undefined },
  subject: Subject,
): boolean {
  return known.check === name && isAbout(known, subject) && matchesOne(known.boot, boot)
}

/** A row about a check that there is not would never hold, and nobody would know. */
function checked(failures: readonly KnownFailure[], file: string, checks: readonly string[]): readonly KnownFailure[] {
  for (const [index, { check }] of failures.entries()) {
    if (checks.includes(check)) continue
    const key = `failures.${String(index)}.check`
    throw new InvalidConfig(`${file}: ${key}: there is no check "${check}"; there are ${checks.join(', ')}`)
  }
  return failures
}
