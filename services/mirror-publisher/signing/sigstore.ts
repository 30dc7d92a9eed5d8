import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { bundleFromJSON, bundleToJSON, toDSSEBundle, toMessageSignatureBundle, type Bundle } from '@sigstore/bundle'
import { dsse } from '@sigstore/core'
import { toSignedEntity, Verifier, type TrustMaterial } from '@sigstore/verify'
import { KeyRefused } from './public-key.ts'

/** Makes Sigstore bundles with a key of one's own: no certificate, no log, no network. */
export interface SigstoreSigner {
  /** As PEM, for `cosign verify-blob --key`. */
  readonly publicKey: string
  /** SHA-256 of the public key in DER, in hex: what bundles name it by. */
  readonly hint: string
  /** A bundle over a file's bytes. */
  signText(text: string): string
  /** A bundle with an in-toto statement in a DSSE envelope. */
  signStatement(statement: string): string
}

const statementType = 'application/vnd.in-toto+json'

/** Reads an ECDSA P-256 key (PEM, without a passphrase). Throws KeyRefused for any other. */
export function openSigstoreSigner(privateKey: string): SigstoreSigner {
  const key = readKey(() => createPrivateKey(privateKey))
  const publicKey = createPublicKey(key)
  const hint = hintOf(publicKey)
  const signed = (bytes: Buffer) => sign('sha256', bytes, key)
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    hint,
    signText(text) {
      const bytes = Buffer.from(text)
      const digest = createHash('sha256').update(bytes).digest()
      return format(toMessageSignatureBundle({ digest, signature: signed(bytes), keyHint: hint }))
    },
    signStatement(statement) {
      const artifact = Buffer.from(statement)
      const signature = signed(dsse.preAuthEncoding(statementType, artifact))
      return format(toDSSEBundle({ artifact, artifactType: statementType, signature, keyHint: hint }))
    },
  }
}

/** Where the public key lies on the mirror. */
export function sigstoreKeyPathOf({ hint }: Pick<SigstoreSigner, 'hint'>): string {
  return `SIGSTORE-KEY-${hint.slice(0, 16)}.pub`
}

/**
 * Verifies a bundle with a public key (PEM) and gives what it signs: the text that was given, or the statement inside.
 * Throws an Error that says what is wrong.
 */
export function verifyBundle(bundle: string, publicKey: string, text: string | null): string {
  const key = readKey(() => createPublicKey(publicKey))
  const read = bundleFromJSON(JSON.parse(bundle))
  const verifier = new Verifier(trustIn(key), { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 })
  verifier.verify(toSignedEntity(read, text === null ? undefined : Buffer.from(text)))
  if (read.content.$case === 'dsseEnvelope') return read.content.dsseEnvelope.payload.toString()
  if (text === null) throw new Error('the bundle signs a file and holds no statement')
  return text
}

function trustIn(key: KeyObject): TrustMaterial {
  const hint = hintOf(key)
  return {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: (named) => {
      if (named !== hint) throw new Error(`it is signed by another key: ${named}`)
      return { publicKey: key, validFor: () => true }
    },
  }
}

function readKey(read: () => KeyObject): KeyObject {
  let key: KeyObject
  try {
    key = read()
  } catch (error) {
    throw new KeyRefused('expected an ECDSA P-256 key as PEM, without a passphrase', { cause: error })
  }
  const curve = key.asymmetricKeyDetails?.namedCurve ?? String(key.asymmetricKeyType)
  if (curve === 'prime256v1') return key
  throw new KeyRefused(`expected an ECDSA P-256 key, got ${curve}`)
}

function hintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

function format(bundle: Bundle): string {
  return `${JSON.stringify(bundleToJSON(bundle))}\n`
}
