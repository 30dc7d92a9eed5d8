import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { run } from '#subprocess/run.ts'

const isRoot = process.getuid?.() === 0
/** An ordinary user may make namespaces in a user namespace of its own. */
const made = ['--net', '--uts', ...(isRoot ? [] : ['--user', '--map-root-user'])]
const entered = ['--net', '--uts', ...(isRoot ? [] : ['--user', '--preserve-credentials'])]

/** Network and host name of their own, as another machine has them, on this machine's files and processors. */
export interface NetworkHost extends AsyncDisposable {
  /** A command line that runs another one there. */
  readonly within: (command: string, args: readonly string[]) => [string, string[]]
}

/** Whether this host lets us make namespaces. */
export async function canMakeHosts(): Promise<boolean> {
  return await run('unshare', [...made, 'ip', 'link', 'set', 'lo', 'up']).then(
    () => true,
    () => false,
  )
}

/** Makes a host of a name; nothing reaches it, and it reaches nothing, but by files. */
export async function createNetworkHost(name: string): Promise<NetworkHost> {
  const script = 'ip link set lo up && hostname "$1" && echo made && exec sleep infinity'
  const holder = spawn('unshare', [...made, 'sh', '-c', script, 'sh', name], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(holder, 'exit')
  await Promise.race([
    once(holder.stdout, 'data'),
    gone.then(() => {
      throw new Error(`the host ${name} could not be made`)
    }),
  ])
  return {
    within: (command, args) => ['nsenter', ['--target', String(holder.pid), ...entered, '--', command, ...args]],
    async [Symbol.asyncDispose]() {
      holder.kill('SIGKILL')
      await gone
    },
  }
}
