import type { Volume } from '#image/facts/partitions.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

/** An EFI system partition. */
export interface Esp {
  /** Every file by its path from the root of the partition, as `/EFI/BOOT/BOOTX64.EFI`; null when it holds no FAT that can be read. */
  readonly files: readonly string[] | null
}

const types = new Set(['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 'ef'])

/** Reads the EFI system partition of a raw disk; null when it has none. */
export async function readEsp(path: string, volumes: readonly Volume[], signal: AbortSignal): Promise<Esp | null> {
  const partition = volumes.find((volume) => types.has(volume.partition?.type ?? ''))?.partition
  if (partition == null) return null
  const files: string[] = []
  // mtools' way to say where in a file the file system begins.
  const image = `${path}@@${String(partition.start)}`
  try {
    await run('mdir', ['-/', '-b', '-i', image, '::'], {
      signal,
      deadline: 60_000,
      // Settings of whoever calls must not count.
      env: { MTOOLSRC: '/dev/null' },
      onLine: (line) => {
        if (line.startsWith('::/') && !line.endsWith('/')) files.push(line.slice('::'.length))
      },
    })
    return { files }
  } catch (error) {
    if (error instanceof ToolFailed && error.end.why === 'exit') return { files: null }
    throw error
  }
}
