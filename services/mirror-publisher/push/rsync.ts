import { run } from '#subprocess/run.ts'
import type { ToolFailed } from '#subprocess/errors.ts'
import type { Master } from '../masters.ts'

interface RsyncOptions {
  readonly signal: AbortSignal
  readonly logFolder: string
}

/** Calls rsync with paths relative to one folder here, and to the master's root there. */
export type Rsync = (options: readonly string[], from: { cwd: string; source: string }, to: string) => Promise<void>

/** What of files is carried over. Owners are the other host's matter. */
export const contents = ['--recursive', '--links', '--perms', '--times']
/** A folder itself, with its mode, without what is in it; its parents are made when they lack. */
export const folderAlone = ['--dirs', '--perms', '--relative', '--no-implied-dirs']

/** Gives rsync to one master. One that is down, or hangs, fails it within a minute or two. */
export function rsyncTo(master: Master, { signal, logFolder }: RsyncOptions): Rsync {
  const { address, kibibytesPerSecond, passwordFile } = master
  const always = [
    '--timeout=60',
    ...(isDaemon(master) ? ['--contimeout=20'] : [`--rsh=${sshCommand(master)}`]),
    ...(isDaemon(master) && passwordFile !== null ? [`--password-file=${passwordFile}`] : []),
    ...(kibibytesPerSecond === null ? [] : [`--bwlimit=${String(kibibytesPerSecond)}`]),
  ]
  return async (options, { cwd, source }, to) => {
    await run('rsync', [...always, ...options, source, address + to], { cwd, signal, log: `${logFolder}/rsync.log` })
  }
}

/**
 * How the master's rsync finds its root from one of its folders. A daemon takes a path that begins with a slash for one of
 * its module; behind ssh, rrsync refuses one that goes up.
 */
export function rootFrom(place: string, master: Pick<Master, 'address'>): string {
  if (isDaemon(master)) return '../'.repeat(place.split('/').length)
  return master.address.slice(master.address.indexOf(':') + 1)
}

/**
 * What keeps files that were cut off, to go on with them. Behind ssh in one place that is named from the root: rrsync makes
 * it before rsync runs, where it is sent to, and readers are not to see it.
 */
export function keepParts(place: string, master: Pick<Master, 'address'>): string[] {
  const parts = '.rsync-partial'
  if (isDaemon(master)) return [`--partial-dir=${parts}`]
  return [`--partial-dir=${rootFrom(place, master)}${place}/${parts}`, `--filter=protect /${parts}/`]
}

/** Why a push failed: where ssh said so, its words, of which rsync only says that there was an error. */
export function whyFailed({ tail, message }: Pick<ToolFailed, 'tail' | 'message'>, master: Master): string {
  if (isDaemon(master)) return message
  const { address, knownHostsFile, identityFile } = master
  if (tail.includes('Host key verification failed')) {
    const known = knownHostsFile ?? "the files of ssh's own"
    return `ssh does not know the host key of ${address} from ${known}, and sent nothing`
  }
  if (tail.includes('Permission denied')) return `${address} does not let the key ${identityFile ?? 'of ssh'} in`
  return message
}

function isDaemon({ address }: Pick<Master, 'address'>): boolean {
  return address.startsWith('rsync://')
}

/** rsync splits it at spaces itself; no shell sees it. A host key that is not known already is refused, never learned. */
function sshCommand({ identityFile, knownHostsFile, port }: Master): string {
  return [
    'ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -oStrictHostKeyChecking=yes',
    ...(knownHostsFile === null ? [] : [`-oUserKnownHostsFile=${knownHostsFile} -oGlobalKnownHostsFile=/dev/null`]),
    ...(identityFile === null ? [] : [`-oIdentitiesOnly=yes -i ${identityFile}`]),
    ...(port === null ? [] : [`-p ${String(port)}`]),
  ].join(' ')
}
