import type { PublicKey } from './public-key.ts'
import type { SigstoreSigner } from './sigstore.ts'

/** What is told of a run that signs. */
export interface SignContext {
  readonly signal: AbortSignal
  /** Where the tool's own words are kept; null for nowhere. */
  readonly logFolder: string | null
}

/** How a text is signed: `clear` puts it inside the signature, `detached` makes a signature beside it, `armored` in ASCII. */
export type SignatureForm = 'clear' | 'detached' | 'armored'

/** Who makes OpenPGP signatures. */
export interface OpenPgpSigner {
  readonly key: PublicKey
  sign(text: string, form: SignatureForm, context: SignContext): Promise<Buffer>
}

/** Only a signer's way to sign, before its key is known to be right. */
export type Sign = OpenPgpSigner['sign']

/** What signs: OpenPGP and Sigstore, each null where it is not wanted. */
export interface Signing {
  readonly signer: OpenPgpSigner | null
  readonly sigstore: SigstoreSigner | null
}
