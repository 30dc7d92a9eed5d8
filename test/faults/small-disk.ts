import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { run } from '#subprocess/run.ts'

/** A small file system over a folder, which only commands that are run through it see. */
export interface SmallDisk extends AsyncDisposable {
  /** A command line that runs another one where the disk is mounted. */
  readonly within: (command: string, args: readonly string[]) => [string, string[]]
  /** `64m`, as tmpfs takes it. */
  resize(size: string): Promise<void>
}

const isRoot = process.getuid?.() === 0
/** An ordinary user may mount in a user namespace of its own. */
const unshareArgs = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount']
const enterArgs = isRoot ? ['--mount'] : ['--user', '--mount', '--preserve-credentials']

/** Whether this host lets us mount; the reason why not is the kernel's or the container's. */
export async function canMount(): Promise<boolean> {
  const args = [...unshareArgs, 'mount', '-t', 'tmpfs', 'none', '/mnt']
  return await run('unshare', args).then(
    () => true,
    () => false,
  )
}

/** Mounts a tmpfs over a folder, in a mount namespace that a sleeping process holds. */
export async function createSmallDisk(folder: string, size: string): Promise<SmallDisk> {
  const script = 'mount -t tmpfs -o "size=$1" none "$2" && echo mounted && exec sleep infinity'
  const holder = spawn('unshare', [...unshareArgs, 'sh', '-c', script, 'sh', size, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const within: SmallDisk['within'] = (command, args) => [
    'nsenter',
    ['--target', String(holder.pid), ...enterArgs, '--', command, ...args],
  ]
  return {
    within,
    async resize(to) {
      await run(...within('mount', ['-o', `remount,size=${to}`, folder]))
    },
    async [Symbol.asyncDispose]() {
      const gone = once(holder, 'exit')
      holder.kill('SIGKILL')
      await gone
    },
  }
}
