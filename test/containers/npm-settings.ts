import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** How npm reaches its registry on this host, for a build that knows nothing of the host. */
export interface NpmSettings {
  /** For an npm that runs here. */
  readonly env: Readonly<Record<string, string>>
  /** Options of `docker build` that hand the settings in as secrets, which stay out of the image. */
  readonly buildOptions: readonly string[]
}

const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** Reads this host's settings and writes what a build needs of them into a folder that goes away after the test. */
export async function readNpmSettings(folder: string): Promise<NpmSettings> {
  const names = /^(npm_config_|NPM_CONFIG_|NODE_EXTRA_CA_CERTS$|SSL_CERT_)/
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => names.test(entry[0]))
  const env = Object.fromEntries(given)
  const { stdout: registry } = await run('npm', ['config', 'get', 'registry'], { env })
  const npmrc = join(folder, 'npmrc')
  const trusts = existsSync(certificates)
  const lines = [`registry=${registry.trim()}`, ...(trusts ? ['cafile=/run/secrets/certificates'] : [])]
  await writeFile(npmrc, `${lines.join('\n')}\n`, { mode: 0o600 })
  const secrets = [`id=npmrc,src=${npmrc}`, ...(trusts ? [`id=certificates,src=${certificates}`] : [])]
  return { env, buildOptions: secrets.flatMap((secret) => ['--secret', secret]) }
}
