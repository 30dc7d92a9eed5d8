import { run } from '#subprocess/run.ts'

/** The root file system of a disk that the Debian recipes made, read where it lies, without mounting anything. */
export function debianDisk(path: string) {
  const root = `${path}?offset=${String(2 * 1024 * 1024)}`
  const debugfs = async (request: string) => (await run('debugfs', ['-R', request, root], { deadline: 60_000 })).stdout
  return {
    file: (name: string) => debugfs(`cat ${name}`),
    uuid: async () => {
      return /^Filesystem UUID:\s+(\S+)$/m.exec(await debugfs('show_super_stats -h'))?.[1] ?? ''
    },
    /** Whether these bytes are anywhere on the disk, in a file or beside one. */
    holds: async (bytes: string) => {
      const grep = ['--quiet', '--text', '--fixed-strings', '--regexp', bytes, path]
      return (await run('grep', grep, { okCodes: [0, 1], deadline: 120_000 })).code === 0
    },
  }
}
