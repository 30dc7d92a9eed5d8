import { readFile } from 'node:fs/promises'
import type { Environment } from './command.ts'

interface CommandLine {
  /** Where packages come from, said with --mirror. */
  readonly mirror?: string | undefined
  /** Where the compose lies that this command itself made a message for. */
  readonly location?: string | undefined
}

/** The settings of the services: the environment, and what the command line adds or says in its place. */
export function environmentFor(env: Environment, { mirror, location }: CommandLine): Environment {
  const allowed = [env['IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS'], mirror, location]
  return {
    ...env,
    ...(mirror === undefined ? {} : { IMAGEDROP_BUILDER_MIRROR: mirror }),
    IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: allowed.filter((one) => one !== undefined && one !== '').join(','),
  }
}

/** The distribution whose images this host makes by default: one of its own family. */
export async function hostDistribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const ids = [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap((match) => (match[1] ?? '').split(' '))
  return ids.includes('fedora') ? 'fedora-43' : 'debian-12'
}
