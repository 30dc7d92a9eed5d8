import { basename, dirname } from 'node:path'
import type { MirroredFile } from '#events/vocabulary.ts'
import { putFile } from '../durable.ts'
import type { PlannedFile, TreePlan } from '../plan-tree.ts'
import { signAndVerify } from '../signing/open-signer.ts'
import type { OpenPgpSigner, SignContext } from '../signing/signer.ts'
import { formatSums } from '../signing/sums.ts'

interface ChecksumOptions extends SignContext {
  readonly signer: OpenPgpSigner | null
  /** By path, for distributions that have SHA512SUMS. */
  readonly sha512: ReadonlyMap<string, string>
}

/**
 * Writes the distribution's own lists of checksums, one per folder of images: CHECKSUM, clear-signed when there is a key,
 * and where it has them SHA512SUMS with a signature beside it.
 */
export async function writeChecksums(
  folder: string,
  { files, checksums, sha512 }: TreePlan,
  options: ChecksumOptions,
): Promise<MirroredFile[]> {
  const written: MirroredFile[] = []
  for (const { folder: below, name } of checksums) {
    const there = files.filter((file) => dirname(file.path) === below)
    const text = formatChecksum(there)
    written.push(await putFile(folder, `${below}/${name}`, await clearlySigned(text, options)))
    if (sha512) written.push(...(await writeSha512(folder, below, there, options)))
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

/** As Debian lays it out on its mirrors of CD and cloud images: SHA512SUMS, and SHA512SUMS.sign in ASCII armor. */
async function writeSha512(
  folder: string,
  below: string,
  files: readonly PlannedFile[],
  { sha512, signer, ...context }: ChecksumOptions,
): Promise<MirroredFile[]> {
  const text = formatSums(files.map(({ path }) => [basename(path), sha512.get(path) ?? '']))
  const list = await putFile(folder, `${below}/SHA512SUMS`, text)
  if (!signer) return [list]
  const signature = await signAndVerify(signer, text, 'armored', context)
  return [list, await putFile(folder, `${below}/SHA512SUMS.sign`, signature)]
}

async function clearlySigned(text: string, { signer, ...context }: ChecksumOptions): Promise<string | Buffer> {
  return signer ? await signAndVerify(signer, text, 'clear', context) : text
}
