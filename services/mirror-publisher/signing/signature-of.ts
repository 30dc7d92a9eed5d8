import { join } from 'node:path'
import type { TreeSignature } from '#events/vocabulary.ts'
import { readIfThere } from '#files/durable.ts'
import { checkSignature } from './check-signature.ts'
import { keyPathOf } from './public-key.ts'
import type { OpenPgpSigner } from './signer.ts'
import { signatureName, sumsName } from './sums.ts'

/** By which key a tree is signed; null when it is not, or by one that was ours before: what is open stays as it is. */
export async function signatureOf(
  folder: string,
  signer: OpenPgpSigner | null,
  signal: AbortSignal,
): Promise<TreeSignature | null> {
  const text = await readIfThere(join(folder, sumsName))
  const signature = await readIfThere(join(folder, signatureName))
  if (!signer || !text || !signature) return null
  const finding = await checkSignature({ signature, text }, signer.key.armored, signal)
  return finding.good ? { fingerprint: finding.fingerprint, key: keyPathOf(finding) } : null
}
