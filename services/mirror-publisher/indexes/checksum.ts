import { rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { MirroredFile } from '#events/vocabulary.ts'
import { run } from '#subprocess/run.ts'
import type { Signing } from '../mirror.ts'
import type { PlannedFile, TreePlan } from '../plan-tree.ts'
import { describeFile, writePublicFile } from '../durable.ts'

interface ChecksumOptions {
  readonly signing: Signing | null
  readonly signal: AbortSignal
  readonly logFolder: string
}

/** Writes one CHECKSUM file per folder of images, clear-signed when there is a key. */
export async function writeChecksums(
  folder: string,
  { files, checksums }: TreePlan,
  options: ChecksumOptions,
): Promise<MirroredFile[]> {
  const written: MirroredFile[] = []
  for (const { folder: below, name } of checksums) {
    const path = `${below}/${name}`
    await writePublicFile(join(folder, path), formatChecksum(files.filter((file) => dirname(file.path) === below)))
    if (options.signing) await signClearly(join(folder, path), options.signing, options)
    written.push(await describeFile(folder, path))
  }
  return written
}

/** The lines of a CHECKSUM file as Pungi writes them; `sha256sum -c` reads them. */
export function formatChecksum(files: readonly Pick<PlannedFile, 'path' | 'artifact'>[]): string {
  return files
    .map(({ path, artifact }) => ({ name: basename(path), ...artifact }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, size, sha256 }) => `# ${name}: ${String(size)} bytes\nSHA256 (${name}) = ${sha256}\n`)
    .join('')
}

/** Puts a clear-signed text in the place of a text. */
export async function signClearly(
  path: string,
  { key, home }: Signing,
  { signal, logFolder }: Omit<ChecksumOptions, 'signing'>,
): Promise<void> {
  const signed = `${path}.signed`
  const options = ['--batch', '--no-tty', '--yes', '--digest-algo', 'SHA256', '--local-user', key, '--output', signed]
  const log = join(logFolder, 'gpg.log')
  await run('gpg', [...(home === null ? [] : ['--homedir', home]), ...options, '--clearsign', path], {
    signal,
    log,
    deadline: 60_000,
  })
  await rename(signed, path)
}
