import { readIfThere } from '#files/durable.ts'
import { keyPathOf, readPublicKey } from '../signing/public-key.ts'
import { parseRecord, recordName } from '../tree/record.ts'
import { textLimit } from './read-drop.ts'
import { Unreadable, type Source } from './source.ts'

/**
 * The public key that is meant: a file, or a whole fingerprint of a key that the mirror publishes. A key from the mirror is
 * only as good as the fingerprint, so a part of one is no key. Throws Unreadable.
 */
export async function findKey(meant: string, source: Source): Promise<string> {
  const fingerprint = meant.replaceAll(' ', '').toUpperCase()
  if (!/^([0-9A-F]{40}|[0-9A-F]{64})$/.test(fingerprint)) return await readKeyFile(meant)
  const path = keyPathOf({ fingerprint })
  const root = await rootOf(source)
  const key = (await root?.read(path, textLimit))?.toString()
  if (key === undefined) throw new Unreadable(`the mirror has no ${path}: give the key as a file`)
  const found = await readPublicKey(key)
  if (found.fingerprint === fingerprint) return key
  throw new Unreadable(`${path} on the mirror is the key ${found.fingerprint}, not ${fingerprint}`)
}

async function readKeyFile(file: string): Promise<string> {
  const text = await readIfThere(file)
  if (text !== null) return text.toString()
  throw new Unreadable(
    `expected a file with a key, or a whole fingerprint of 40 or 64 digits, got ${JSON.stringify(file)}`,
  )
}

/** The root of the mirror that a drop is on, as far above it as its record says. */
async function rootOf(source: Source): Promise<Source | null> {
  const text = (await source.read(recordName, textLimit))?.toString() ?? ''
  const { path } = parseRecord(text)
  let root: Source | null = source
  for (const _level of path.split('/')) root = root?.parent() ?? null
  return root
}
