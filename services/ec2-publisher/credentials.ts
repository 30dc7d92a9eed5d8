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
 * Where AWS credentials would come from, in words, or null. Looks at the environment and at files only: asking the
 * metadata service of an instance hangs on machines that are not one, so there one says so with AWS_PROFILE.
 */
export function findCredentials(
  env: Readonly<Record<string, string | undefined>>,
  home: string = homedir(),
): string | null {
  const variable = variables.find((name) => env[name])
  if (variable !== undefined) return `the variable ${variable}`
  const files = [
    env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, '.aws', 'credentials'),
    env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config'),
  ]
  const file = files.find((path) => existsSync(path))
  return file === undefined ? null : `the file ${file}`
}
