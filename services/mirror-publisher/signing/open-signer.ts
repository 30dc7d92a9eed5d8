import { readFile } from 'node:fs/promises'
import { checkSignature } from './check-signature.ts'
import { signByCommand } from './command.ts'
import { exportByGpg, signByGpg, type GpgKey } from './gpg.ts'
import { KeyRefused, readPublicKey, type PublicKey } from './public-key.ts'
import type { OpenPgpSigner, Sign, SignContext } from './signer.ts'

/** Where signatures come from: GnuPG here, or a command together with the file of its public key. */
export type SignerSettings =
  ({ readonly by: 'gpg' } & GpgKey) | { readonly by: 'command'; readonly command: string; readonly publicKey: string }

const probe = 'imagedrop signs this to see whether the key can.\n'

/**
 * Opens what signs, and lets it sign once: a key that cannot sign is found before any image is built. Throws KeyRefused
 * with the reason.
 */
export async function openSigner(settings: SignerSettings, context: SignContext): Promise<OpenPgpSigner> {
  const sign = settings.by === 'gpg' ? signByGpg(settings) : signByCommand(settings.command)
  const signature = await sign(probe, 'detached', context)
  const armored = await publicKeyOf(settings, context)
  const finding = await checkSignature({ signature, text: probe }, armored, context.signal)
  if (!finding.good) throw new KeyRefused(`what it signs does not verify with its public key: ${finding.why}`)
  return { key: await onlyKey(settings, armored, finding.fingerprint, context), sign }
}

/** Signs a text and verifies it as a stranger would. Throws KeyRefused when the signature is not good. */
export async function signAndVerify(
  { key, sign }: { readonly key: PublicKey; readonly sign: Sign },
  text: string,
  form: 'clear' | 'detached' | 'armored',
  context: SignContext,
): Promise<Buffer> {
  const signature = await sign(text, form, context)
  const finding = await checkSignature({ signature, text: form === 'clear' ? null : text }, key.armored, context.signal)
  if (!finding.good) throw new KeyRefused(`the signature by ${key.fingerprint} is not good: ${finding.why}`)
  if (finding.text !== text) throw new KeyRefused(`the signature by ${key.fingerprint} holds another text`)
  return signature
}

async function publicKeyOf(settings: SignerSettings, { signal }: SignContext): Promise<string> {
  if (settings.by === 'gpg') return await exportByGpg(settings, signal)
  return await readFile(settings.publicKey, 'utf8')
}

/** An address may stand for several keys; the one that signed is the one that is published. */
async function onlyKey(
  settings: SignerSettings,
  armored: string,
  fingerprint: string,
  { signal }: SignContext,
): Promise<PublicKey> {
  if (settings.by === 'command') return await readPublicKey(armored, signal)
  return await readPublicKey(await exportByGpg({ ...settings, key: fingerprint }, signal), signal)
}
