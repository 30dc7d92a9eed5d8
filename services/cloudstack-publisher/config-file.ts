import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { isMissing } from '#files/errors.ts'
import { parseSections, type Sections } from '#publishing/ini-sections.ts'
import { PermanentError } from '#service/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

const entry = z.object({
  endpoint: z.url({ protocol: /^https?$/ }),
  key: z.string().min(1),
  secret: z.string().min(1),
  /** A file of certificates to trust. */
  verify: z.string().optional(),
  dangerous_no_tls_verify: z
    .enum(['true', 'false', '1', '0', 'yes', 'no'])
    .default('false')
    .transform((word) => ['true', '1', 'yes'].includes(word)),
  /** Seconds for which a signature is good; below 0: the first signature, without an end. */
  expiration: z.coerce.number().max(900).default(600),
})

/** One account at one cloud. */
export type CloudEntry = z.infer<typeof entry>

/** Where the file is looked for, as the Python client `cs` does. */
export function configFiles(env: Environment): string[] {
  const named = env['CLOUDSTACK_CONFIG']
  return [...(named ? [named] : []), 'cloudstack.ini', join(env['HOME'] ?? homedir(), '.cloudstack.ini')]
}

/**
 * Reads one section of the `cloudstack.ini` that the Python client `cs` and Ansible's modules read. Throws PermanentError
 * `environment` naming the file, the key and the value.
 */
export async function readCloud(name: string, path: string | null, env: Environment): Promise<CloudEntry> {
  const paths = path === null ? configFiles(env) : [path]
  for (const file of paths) {
    const sections = await readSections(file)
    if (sections === null) continue
    const section = sections[name]
    if (section === undefined)
      throw wrong(`${file} has no section ${name}; it has ${Object.keys(sections).join(', ') || 'none'}`)
    const parsed = entry.safeParse(section)
    if (parsed.success) return parsed.data
    throw wrong(`${file}, section ${name}: ${describeIssues(parsed.error, withoutSecrets(section))}`)
  }
  throw wrong(`there is no cloudstack.ini; looked for ${paths.join(', ')}`)
}

async function readSections(path: string): Promise<Sections | null> {
  try {
    return parseSections(await readFile(path, 'utf8'))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function withoutSecrets(section: Readonly<Record<string, string>>): object {
  return { ...section, ...('secret' in section ? { secret: '…' } : {}) }
}

function wrong(reason: string): PermanentError {
  return new PermanentError('environment', reason)
}
