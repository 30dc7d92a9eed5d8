/**
 * Runs a command in namespaces of its own: mounts go when it goes, however it goes, with every process that it has started.
 * The shell is not replaced, for a first process of a namespace does not hear SIGTERM.
 */
export function confined(argv: readonly string[], before = ''): [string, ...string[]] {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  return ['unshare', ...namespaces, 'sh', '-c', `${before}"$@"; exit $?`, 'confined', ...argv]
}
