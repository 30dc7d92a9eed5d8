import { basename } from 'node:path'
import { checkSignature } from '../signing/check-signature.ts'
import { verifyBundle } from '../signing/sigstore.ts'
import { signatureName, sigstoreName, sumsName } from '../signing/sums.ts'
import type { Notes } from './finding.ts'
import { textLimit, type FoundDrop } from './read-drop.ts'
import type { Source } from './source.ts'

/** What the verifier trusts: public keys as text, each null when none was given. */
export interface Keys {
  readonly openpgp: string | null
  readonly sigstore: string | null
}

/** Checks every signature of a drop with the keys that were given, and says which could not be. */
export async function checkSignatures(drop: FoundDrop, keys: Keys, notes: Notes): Promise<void> {
  await checkOpenPgp(drop, keys.openpgp, notes)
  await checkSigstore(drop, keys.sigstore, notes)
}

async function checkOpenPgp({ source, sums, files }: FoundDrop, key: string | null, notes: Notes): Promise<void> {
  const signature = await source.read(signatureName, textLimit)
  const note = notes.about('signature', signatureName)
  if (key === null) {
    note.unknown(signature ? 'it was not checked: no key was given' : 'it is missing, and no key was given')
    return
  }
  if (!signature) {
    note.wrong(`it is missing: ${sumsName} is not signed`)
    return
  }
  const finding = await checkSignature({ signature, text: sums }, key)
  note.judge(`${sumsName} is signed by ${finding.good ? finding.fingerprint : ''}`, finding.good ? null : finding.why)
  for (const path of files.keys()) {
    if (/(^|\/)SHA(256|512)SUMS\.(gpg|sign)$/.test(path)) await checkDetached(source, path, key, notes)
    else if (/(^|[-/])CHECKSUM$/.test(path)) await checkClear(source, path, key, notes)
  }
}

async function checkDetached(source: Source, path: string, key: string, notes: Notes): Promise<void> {
  const signature = await source.read(path, textLimit)
  const text = await source.read(path.replace(/\.\w+$/, ''), textLimit)
  // That they are missing is told by their checksums.
  if (!signature || !text) return
  const finding = await checkSignature({ signature, text }, key)
  notes.about('signature', path).judge('it is good', finding.good ? null : finding.why)
}

async function checkClear(source: Source, path: string, key: string, notes: Notes): Promise<void> {
  const signature = await source.read(path, textLimit)
  if (!signature) return
  const finding = await checkSignature({ signature, text: null }, key)
  notes.about('signature', path).judge('it is good', finding.good ? null : finding.why)
}

async function checkSigstore(drop: FoundDrop, key: string | null, notes: Notes): Promise<void> {
  const { source, sums, files } = drop
  const bundle = (await source.read(sigstoreName, textLimit))?.toString()
  if (key === null) {
    if (bundle !== undefined) notes.about('signature', sigstoreName).unknown('it was not checked: no key was given')
    return
  }
  if (bundle === undefined) notes.about('signature', sigstoreName).wrong(`it is missing: ${sumsName} has no bundle`)
  else judgeBundle(bundle, key, { text: sums, holds: sums, path: sigstoreName }, notes)
  for (const path of files.keys()) {
    if (!path.endsWith('.provenance.sigstore.json')) continue
    const envelope = (await source.read(path, textLimit))?.toString()
    const holds = (await source.read(path.replace(/\.sigstore\.json$/, '.json'), textLimit))?.toString()
    if (envelope !== undefined && holds !== undefined) judgeBundle(envelope, key, { text: null, holds, path }, notes)
  }
}

interface Expected {
  readonly text: string | null
  readonly holds: string
  readonly path: string
}

function judgeBundle(bundle: string, key: string, { text, holds, path }: Expected, notes: Notes): void {
  const note = notes.about('signature', path)
  try {
    const found = verifyBundle(bundle, key, text)
    note.judge(
      'it is good',
      found === holds ? null : `it signs another text than ${basename(path, '.sigstore.json')}.json`,
    )
  } catch (error) {
    note.wrong(error instanceof Error ? error.message : String(error))
  }
}
