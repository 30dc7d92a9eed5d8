import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { isMissing } from '#files/errors.ts'
import { parseSections, type Sections } from '#publishing/ini-sections.ts'
import { PermanentError } from '#service/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The cloud that is read from the variables of an `eucarc`, which Eucalyptus hands to its users. */
export const eucarc = 'eucarc'

const address = z.url({ protocol: /^https?$/ })
const file = z
  .string()
  .transform((path) => path.replace(/^~(?=\/)/, homedir()))
  .optional()

const entry = z.object({
  'ec2-url': address,
  's3-url': address,
  'bootstrap-url': address.optional(),
  /** A file with the cloud's certificate; without it the bootstrap service is asked. */
  certificate: file,
  'verify-ssl': z
    .enum(['true', 'false', '1', '0', 'yes', 'no'])
    .default('true')
    .transform((word) => ['true', '1', 'yes'].includes(word)),
  'key-id': z.string().min(1),
  'secret-key': z.string().min(1),
  'account-id': z.string().regex(/^\d{12}$/, 'the number of an account has 12 digits'),
  /** Files with the user's own certificate and key: with them the user can unbundle what was bundled, and signs it. */
  'user-certificate': file,
  'private-key': file,
})

/** One account at one cloud. */
export type CloudEntry = z.infer<typeof entry>

/** The files that euca2ools reads, later ones over earlier ones. */
export function configFiles(env: Environment): string[] {
  const folders = ['/etc/euca2ools/conf.d', join(env['HOME'] ?? homedir(), '.euca')]
  return ['/etc/euca2ools/euca2ools.ini', ...folders.flatMap(iniFilesOf)]
}

/**
 * Reads one cloud: `[region NAME]` and the `[user …]` that it names, of the files of euca2ools, or of this one. Throws
 * PermanentError `environment` naming the file, the key and the value.
 */
export function readCloud(name: string, path: string | null, env: Environment): CloudEntry {
  if (name === eucarc && path === null) return check('the environment', entryOfEnvironment(env))
  const paths = path === null ? configFiles(env) : [path]
  const sections = paths.map(readSections).reduce(merge, {})
  const region = sections[`region ${name}`]
  if (region === undefined) {
    const regions = Object.keys(sections).filter((one) => one.startsWith('region '))
    throw wrong(`${paths.join(', ') || 'no file'} has no section [region ${name}]; there are ${list(regions)}`)
  }
  const userName = region['user'] ?? name
  const user = sections[`user ${userName}`]
  if (user === undefined) throw wrong(`[region ${name}] is used by ${userName}, but there is no [user ${userName}]`)
  const { certificate, ...more } = user
  const own = certificate === undefined ? {} : { 'user-certificate': certificate }
  return check(`[region ${name}] and [user ${userName}]`, { ...region, ...more, ...own })
}

/** What an `eucarc` exports. */
function entryOfEnvironment(env: Environment): object {
  return {
    'ec2-url': env['EC2_URL'],
    's3-url': env['S3_URL'],
    'bootstrap-url': env['EUCA_BOOTSTRAP_URL'],
    certificate: env['EUCALYPTUS_CERT'],
    'key-id': env['EC2_ACCESS_KEY'] ?? env['AWS_ACCESS_KEY_ID'],
    'secret-key': env['EC2_SECRET_KEY'] ?? env['AWS_SECRET_ACCESS_KEY'],
    'account-id': env['EC2_USER_ID'] ?? env['EC2_ACCOUNT_NUMBER'],
    'user-certificate': env['EC2_CERT'],
    'private-key': env['EC2_PRIVATE_KEY'],
  }
}

function check(where: string, found: object): CloudEntry {
  const parsed = entry.safeParse(found)
  if (parsed.success) return parsed.data
  throw wrong(`${where}: ${describeIssues(parsed.error, { ...found, 'secret-key': '…' })}`)
}

function readSections(path: string): Sections {
  try {
    return parseSections(readFileSync(path, 'utf8'))
  } catch (error) {
    if (isMissing(error)) return {}
    throw error
  }
}

function merge(one: Sections, other: Sections): Sections {
  const names = [...Object.keys(one), ...Object.keys(other)]
  return Object.fromEntries(names.map((name) => [name, { ...one[name], ...other[name] }]))
}

function iniFilesOf(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.ini'))
    return names.toSorted().map((name) => join(folder, name))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function list(names: readonly string[]): string {
  return names.map((name) => `[${name}]`).join(', ') || 'none'
}

function wrong(reason: string): PermanentError {
  return new PermanentError('environment', reason)
}
