import { PassThrough, Readable } from 'node:stream'
import { splitLines } from '#subprocess/output.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

/** cloud-init's answer to root, given in place of a shell; the connection then sleeps for ten seconds. */
const turnedAway = /^Please login as the user/

/** Who logs in where. */
export interface LoginOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly privateKeyFile: string
  /** The host keys that are known, in ssh's own form. Without it every host is let pass: one that has just made its keys. */
  readonly knownHostsFile?: string
  readonly log: string
  readonly signal: AbortSignal
}

/**
 * Logs in by ssh, gives `script` to a root shell, and resolves when the connection has ended, however it did, with
 * what client and server said about it. What the script says comes by `onLine`. Throws the signal's reason.
 */
export async function logIn(options: LoginOptions, script: string, onLine: (line: string) => void): Promise<string> {
  const said: string[] = []
  const enough = new AbortController()
  const output = new PassThrough()
  splitLines(output, (line) => {
    if (turnedAway.test(line)) enough.abort()
    else onLine(line)
  })
  try {
    await run('ssh', sshArguments(options), {
      signal: AbortSignal.any([options.signal, enough.signal]),
      log: options.log,
      input: Readable.from([script]),
      output,
      onLine: (line) => {
        if (tellsSomething(line)) said.push(line)
      },
    })
  } catch (error) {
    options.signal.throwIfAborted()
    // A login that is refused is what the caller wants to know.
    if (!(error instanceof ToolFailed || enough.signal.aborted)) throw error
  }
  return said.join('\n')
}

function tellsSomething(line: string): boolean {
  return /Authentications that can continue/.test(line) || !/^(debug|OpenSSH_|Warning: Permanently added)/.test(line)
}

function sshArguments({ host, port, user, privateKeyFile, knownHostsFile }: LoginOptions): string[] {
  const settings = {
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
    StrictHostKeyChecking: knownHostsFile === undefined ? 'no' : 'yes',
    UserKnownHostsFile: knownHostsFile === undefined ? '/dev/null' : quoted(knownHostsFile),
    GlobalKnownHostsFile: '/dev/null',
    ServerAliveInterval: '15',
    ConnectTimeout: '60',
  }
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  const shell = user === 'root' ? ['sh', '-s'] : ['sudo', '-n', 'sh', '-s']
  // -v shows which ways to log in the server offers.
  return [
    '-v',
    '-T',
    '-F',
    '/dev/null',
    ...flags,
    '-i',
    privateKeyFile,
    '-p',
    String(port),
    `${user}@${host}`,
    ...shell,
  ]
}

/** ssh takes several files, with spaces between them, and signs of its own in each. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`
}
