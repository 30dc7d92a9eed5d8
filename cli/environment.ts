import { readFile } from 'node:fs/promises'

type Environment = Record<string, string | undefined>

/** The settings of the services: the environment, and what the command line says in its place. */
export function environmentFor(options: { mirror: string | undefined }): Promise<Environment> {
  const env: Environment = { ...process.env }
  if (options.mirror !== undefined) {
    env['IMAGEDROP_BUILDER_MIRROR'] = options.mirror
    env['IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS'] = [env['IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS'], options.mirror]
      .filter((one) => one !== undefined && one !== '')
      .join(',')
  }
  return Promise.resolve(env)
}

/** The distribution whose images this host makes by default: one of its own family. */
export async function hostDistribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const ids = [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap((match) => (match[1] ?? '').split(' '))
  return ids.includes('fedora') ? 'fedora-43' : 'debian-12'
}
