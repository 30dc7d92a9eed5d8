import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const variables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

/**
 * Which variable or file the SDK will take credentials from; null for none. `folder` is where its files are in the home folder.
 * Looks at the environment and at files only: asking the metadata service of an instance hangs on machines that are not one,
 * so there one says so with a profile.
 */
export function findCredentials(env: Readonly<Record<string, string | undefined>>, folder: string): string | null {
  const variable = variables.find((name) => env[name])
  if (variable !== undefined) return variable
  const home = env['HOME'] ?? homedir()
  const files = [
    env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, folder, 'credentials'),
    env['AWS_CONFIG_FILE'] ?? join(home, folder, 'config'),
  ]
  return files.find((path) => existsSync(path)) ?? null
}
