import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MirroredFile } from '#events/vocabulary.ts'
import { readIfThere } from '#files/durable.ts'
import { checkSignature } from './check-signature.ts'
import { KeyRefused } from './public-key.ts'
import type { Signing } from './signer.ts'
import { verifyBundle } from './sigstore.ts'
import { formatSums, signatureName, sigstoreName, sumsName } from './sums.ts'

/**
 * Sees to it, as a stranger would, that the list of checksums of a whole tree is of these files and signed as it now has to
 * be. Throws KeyRefused with what is wrong.
 */
export async function verifySums(
  folder: string,
  files: readonly MirroredFile[],
  { signer, sigstore }: Signing,
  signal: AbortSignal,
): Promise<void> {
  const text = await readFile(join(folder, sumsName), 'utf8')
  if (text !== formatSums(files.map(({ path, sha256 }) => [path, sha256]))) {
    throw new KeyRefused(`${sumsName} is not the list that was staged`)
  }
  if (signer) {
    const signature = await readIfThere(join(folder, signatureName))
    if (!signature) throw new KeyRefused(`${sumsName} was staged without a signature, and is to have one`)
    const finding = await checkSignature({ signature, text }, signer.key.armored, signal)
    if (!finding.good) throw new KeyRefused(`${signatureName}: ${finding.why}`)
  }
  if (sigstore) {
    const bundle = await readIfThere(join(folder, sigstoreName))
    if (!bundle) throw new KeyRefused(`${sumsName} was staged without a Sigstore bundle, and is to have one`)
    try {
      verifyBundle(bundle.toString(), sigstore.publicKey, text)
    } catch (error) {
      throw new KeyRefused(`${sigstoreName} does not verify`, { cause: error })
    }
  }
}
