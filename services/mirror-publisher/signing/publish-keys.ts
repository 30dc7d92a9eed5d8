import { chmod, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import { renameDurably, syncPath } from '../durable.ts'
import { keyPathOf } from './public-key.ts'
import type { Signing } from './signer.ts'
import { sigstoreKeyPathOf } from './sigstore.ts'

/**
 * Puts the public keys into the mirror root, whole, by way of a closed folder; what is there already as it has to be is left
 * alone.
 */
export async function publishKeys(root: string, closed: string, { signer, sigstore }: Signing): Promise<void> {
  if (signer) await publish(join(root, keyPathOf(signer.key)), closed, signer.key.armored)
  if (sigstore) await publish(join(root, sigstoreKeyPathOf(sigstore)), closed, sigstore.publicKey)
}

async function publish(path: string, closed: string, text: string): Promise<void> {
  if (String(await readIfThere(path)) === text) return
  const aside = join(closed, `.${basename(path)}`)
  await writeFile(aside, text)
  await chmod(aside, 0o644)
  await syncPath(aside)
  await renameDurably(aside, path)
}
