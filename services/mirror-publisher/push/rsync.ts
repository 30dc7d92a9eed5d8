import { run } from '#subprocess/run.ts'
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
  const { address, kibibytesPerSecond, passwordFile, identityFile } = master
  const isDaemon = address.startsWith('rsync://')
  const always = [
    '--timeout=60',
    ...(isDaemon ? ['--contimeout=20'] : [`--rsh=${sshCommand(identityFile)}`]),
    ...(isDaemon && passwordFile !== null ? [`--password-file=${passwordFile}`] : []),
    ...(kibibytesPerSecond === null ? [] : [`--bwlimit=${String(kibibytesPerSecond)}`]),
  ]
  return async (options, { cwd, source }, to) => {
    await run('rsync', [...always, ...options, source, address + to], { cwd, signal, log: `${logFolder}/rsync.log` })
  }
}

/** rsync splits it at spaces itself; no shell sees it. */
function sshCommand(identityFile: string | null): string {
  const key = identityFile === null ? '' : ` -i ${identityFile}`
  return `ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15${key}`
}
