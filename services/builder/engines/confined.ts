import { ToolFailed } from '#subprocess/errors.ts'

/**
 * Runs a command in namespaces of its own: mounts go when it goes, however it goes, with every process that it has started.
 * The shell is not replaced, for a first process of a namespace does not hear SIGTERM.
 */
export function confined(argv: readonly string[], before = ''): [string, ...string[]] {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  return ['unshare', ...namespaces, 'sh', '-c', `${before}"$@"; exit $?`, 'confined', ...argv]
}

/** What a shell makes of a process that was ended by SIGKILL or SIGTERM. */
const endedFromOutside = new Set([128 + 9, 128 + 15])

/** Whether a confined command was ended by somebody else. */
export function isEndedFromOutside(error: unknown): boolean {
  return error instanceof ToolFailed && error.end.why === 'exit' && endedFromOutside.has(error.end.code)
}
