import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { isMissing } from '#files/errors.ts'
import { PermanentError } from '#service/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

const text = z.coerce.string().min(1).optional()
const auth = z.object({
  auth_url: z.url({ protocol: /^https?$/ }),
  username: text,
  user_id: text,
  password: text,
  user_domain_name: text,
  user_domain_id: text,
  project_name: text,
  project_id: text,
  project_domain_name: text,
  project_domain_id: text,
  application_credential_id: text,
  application_credential_name: text,
  application_credential_secret: text,
})
const cloud = z.object({
  auth,
  auth_type: z
    .enum(['password', 'v3password', 'v3applicationcredential'], {
      error: 'known are password, v3password and v3applicationcredential',
    })
    .optional(),
  region_name: text,
  interface: z.enum(['public', 'internal', 'admin']).default('public'),
  image_endpoint_override: z.url({ protocol: /^https?$/ }).optional(),
  compute_endpoint_override: z.url({ protocol: /^https?$/ }).optional(),
  cacert: text,
  verify: z.boolean().default(true),
  profile: z
    .undefined({ error: 'profiles of vendors are not known here: write their auth_url into the cloud' })
    .optional(),
})

/** One cloud of clouds.yaml: what is needed to speak to its services. */
export type CloudEntry = z.infer<typeof cloud>
export type CloudAuth = z.infer<typeof auth>

/**
 * Reads one cloud of the `clouds.yaml` that every OpenStack tool reads, with the secrets of a `secure.yaml` beside it
 * (docs.openstack.org/openstacksdk, "Configuring OpenStack SDK Applications"). Other tools' settings are passed over.
 * Throws PermanentError `environment` naming the file, the key and the value.
 */
export async function readCloud(name: string, path: string | null, env: Environment): Promise<CloudEntry> {
  const file = await findCloudsFile(path, env)
  const secrets = await readClouds(env['OS_CLIENT_SECURE_FILE'] ?? join(dirname(file.path), 'secure.yaml'))
  const entry = file.clouds[name]
  if (entry === undefined)
    throw wrong(`${file.path} has no cloud ${name}; it has ${Object.keys(file.clouds).join(', ') || 'none'}`)
  const merged = merge(entry, secrets?.[name])
  const parsed = cloud.safeParse(merged)
  if (!parsed.success)
    throw wrong(
      `${file.path}: ${describeIssues(parsed.error, withoutSecrets(merged), (keys) => ['clouds', name, ...keys].join('.'))}`,
    )
  return parsed.data
}

/** Where openstacksdk looks for it. */
export function cloudsFiles(env: Environment): string[] {
  const given = env['OS_CLIENT_CONFIG_FILE']
  if (given !== undefined && given !== '') return [given]
  const home = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config')
  return ['clouds.yaml', join(home, 'openstack', 'clouds.yaml'), '/etc/openstack/clouds.yaml']
}

async function findCloudsFile(path: string | null, env: Environment) {
  const places = path === null ? cloudsFiles(env) : [path]
  for (const place of places) {
    const clouds = await readClouds(place)
    if (clouds !== null) return { path: place, clouds }
  }
  throw wrong(`there is no clouds.yaml; looked for ${places.join(', ')}`)
}

/** The entries of a file by name; null when it is not there. */
async function readClouds(path: string): Promise<Record<string, unknown> | null> {
  const source = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (source === null) return null
  try {
    return z.object({ clouds: z.record(z.string(), z.unknown()) }).parse(parse(source)).clouds
  } catch (cause) {
    throw new PermanentError('environment', `${path} is no clouds.yaml: it must be YAML with a mapping clouds`, {
      cause,
    })
  }
}

/** What is in both is taken from the secrets. */
function merge(plain: unknown, secret: unknown): unknown {
  if (!isMapping(plain) || !isMapping(secret)) return secret ?? plain
  const keys = new Set([...Object.keys(plain), ...Object.keys(secret)])
  return Object.fromEntries([...keys].map((key) => [key, merge(plain[key], secret[key])]))
}

/** An error shows the value that is wrong, but never a password. */
function withoutSecrets(value: unknown): unknown {
  if (!isMapping(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, /password|secret|token/.test(key) ? '…' : withoutSecrets(one)]),
  )
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(message: string): PermanentError {
  return new PermanentError('environment', message)
}
