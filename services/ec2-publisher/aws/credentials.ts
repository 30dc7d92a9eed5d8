import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '#service/host-check.ts'

const variables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

/**
 * How EC2 is reached: an endpoint that was configured, or AWS by the credentials of a variable or a file. Looks at the
 * environment and at files only: asking the metadata service of an instance hangs on machines that are not one, so there
 * one says so with AWS_PROFILE.
 */
export function lookForAws(env: Readonly<Record<string, string | undefined>>): Finding {
  const endpoint = env['IMAGEDROP_EC2_PUBLISHER_ENDPOINT']
  if (endpoint) return { found: endpoint }
  const variable = variables.find((name) => env[name])
  if (variable !== undefined) return { found: `AWS, by ${variable}` }
  const home = env['HOME'] ?? homedir()
  const files = [
    env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, '.aws', 'credentials'),
    env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config'),
  ]
  const file = files.find((path) => existsSync(path))
  return file === undefined ? { missing: 'no AWS credentials on this host' } : { found: `AWS, by ${file}` }
}
