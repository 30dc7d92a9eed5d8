import { readPartitionTable } from '#disk/partitions.ts'
import { run } from '#subprocess/run.ts'

/** The root file system of a disk that the Debian recipes made, read where it lies, without mounting anything. */
export function debianDisk(path: string) {
  const debugfs = async (request: string) => {
    const root = `${path}?offset=${String(await rootOffset(path))}`
    return (await run('debugfs', ['-R', request, root], { deadline: 60_000 })).stdout
  }
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

/** Where the root file system of such a disk begins: in its last partition, which can grow. */
export async function rootOffset(path: string): Promise<number> {
  const root = (await readPartitionTable(path))?.partitions.at(-1)
  if (root === undefined) throw new Error(`${path} has no partitions`)
  return root.start
}
