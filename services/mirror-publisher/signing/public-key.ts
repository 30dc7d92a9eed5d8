import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** The public half of one OpenPGP key, as others import it. */
export interface PublicKey {
  /** Of the primary key, in upper-case hex. */
  readonly fingerprint: string
  /** In ASCII armor. */
  readonly armored: string
  /** From when on it cannot sign; null when it always can. */
  readonly expires: Date | null
}

/** Something is wrong with a key: it cannot be read, or is not what is needed. */
export class KeyRefused extends Error {
  override name = 'KeyRefused'
  readonly code = 'KEY_REFUSED'
}

/** Where the public key lies on the mirror. It keeps its name for good, so that what it once signed stays verifiable. */
export function keyPathOf({ fingerprint }: Pick<PublicKey, 'fingerprint'>): string {
  return `GPG-KEY-${fingerprint.slice(-16)}.asc`
}

/** Reads a file with one public key. Throws KeyRefused when it holds none, or several. */
export async function readPublicKey(armored: string, signal?: AbortSignal): Promise<PublicKey> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-key-'))
  try {
    const file = join(folder, 'key.asc')
    await writeFile(file, armored)
    const args = ['--homedir', folder, '--batch', '--no-tty', '--with-colons', '--show-keys', file]
    const options = { ...(signal === undefined ? {} : { signal }), deadline: 30_000, okCodes: [0, 2] }
    const { stdout } = await run('gpg', args, options)
    return { ...describeKey(stdout), armored }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Reads what `gpg --with-colons` says of keys. */
function describeKey(listing: string): Pick<PublicKey, 'fingerprint' | 'expires'> {
  const rows = listing.split('\n').map((line) => line.split(':'))
  const count = rows.filter(([kind]) => kind === 'pub').length
  if (count !== 1) throw new KeyRefused(`expected one public OpenPGP key, got ${String(count)}`)
  const [, , , , , , , , , fingerprint = ''] = rows.find(([kind]) => kind === 'fpr') ?? []
  return { fingerprint, expires: expiryOf(rows) }
}

/** Nothing can be signed after the primary key ends, nor after the last of the parts that sign. */
function expiryOf(rows: readonly (readonly string[])[]): Date | null {
  const endOf = (row: readonly string[]) => Number(row[6]) || Infinity
  const parts = rows.filter(([kind, validity]) => (kind === 'pub' || kind === 'sub') && validity !== 'r')
  const primary = parts.filter(([kind]) => kind === 'pub').map(endOf)
  // Field 12 has small letters for what a part can do by itself.
  const signing = parts.filter((row) => row[11]?.includes('s')).map(endOf)
  const end = Math.min(...primary, Math.max(...signing))
  return Number.isFinite(end) ? new Date(end * 1000) : null
}
