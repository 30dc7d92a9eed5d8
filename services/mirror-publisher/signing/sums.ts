import { basename, dirname } from 'node:path'
import type { MirroredFile } from '#events/vocabulary.ts'
import { putFile } from '../durable.ts'
import { signAndVerify } from './open-signer.ts'
import type { SignContext, Signing } from './signer.ts'

/** As systemd's importctl and sysupdate, and OpenStack's bifrost, look for it beside an image. */
export const sumsName = 'SHA256SUMS'

/** A list of checksums and its signatures, as they lie in one folder; those of Sigstore by choice. */
export const signatureName = `${sumsName}.gpg`
export const sigstoreName = `${sumsName}.sigstore.json`
export const signedNames: readonly string[] = [sumsName, signatureName, sigstoreName]

/** Writes the SHA256SUMS of each folder of images, for every file in it, with its signatures. */
export async function writeFolderSums(
  folder: string,
  below: readonly string[],
  files: readonly MirroredFile[],
  signing: Signing,
  context: SignContext,
): Promise<MirroredFile[]> {
  const written: MirroredFile[] = []
  for (const one of below) {
    const there = files
      .filter(({ path }) => dirname(path) === one)
      .map((file) => ({ ...file, path: basename(file.path) }))
    written.push(...(await writeSums(folder, `${one}/`, there, signing, context)))
  }
  return written
}

/** Writes one list and its signatures, each verified as a stranger would. `at` ends with a slash, or is empty. */
export async function writeSums(
  folder: string,
  at: string,
  files: readonly Pick<MirroredFile, 'path' | 'sha256'>[],
  { signer, sigstore }: Signing,
  context: SignContext,
): Promise<MirroredFile[]> {
  const text = formatSums(files.map(({ path, sha256 }) => [path, sha256]))
  const put = (ending: string, content: string | Buffer) => putFile(folder, `${at}${sumsName}${ending}`, content)
  return [
    await put('', text),
    ...(signer ? [await put('.gpg', await signAndVerify(signer, text, 'detached', context))] : []),
    ...(sigstore ? [await put('.sigstore.json', sigstore.signText(text))] : []),
  ]
}

/** The lines that sha256sum and sha512sum write, sorted by path. */
export function formatSums(sums: readonly (readonly [path: string, digest: string])[]): string {
  return sums
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, digest]) => `${digest}  ${path}\n`)
    .join('')
}
