import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '#subprocess/run.ts'

interface SeedDisk {
  readonly label: string
  /** By path on the disk. */
  readonly files: Readonly<Record<string, string>>
  readonly folder: string
  readonly signal: AbortSignal
}

/** Writes a small disk for a guest to read its data from (ISO 9660 with Joliet and Rock Ridge), and gives its path. */
export async function makeSeedDisk({ label, files, folder, signal }: SeedDisk): Promise<string> {
  const source = join(folder, 'seed')
  const disk = join(folder, 'seed.iso')
  await rm(source, { recursive: true, force: true })
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(source, name)), { recursive: true })
    await writeFile(join(source, name), content)
  }
  await run('xorriso', ['-as', 'mkisofs', '-quiet', '-o', disk, '-V', label, '-J', '-R', source], {
    signal,
    deadline: 60_000,
    log: join(folder, 'seed.log'),
  })
  return disk
}
