import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** A signature as it is found: with the text inside it, or beside it. */
export interface SignedText {
  readonly signature: string | Uint8Array
  /** The text that is signed; null when it is inside the signature. */
  readonly text: string | Uint8Array | null
}

/** What a stranger who has nothing but a public key finds. `text` is what was signed, without the signature. */
export type SignatureFinding =
  | { readonly good: true; readonly fingerprint: string; readonly text: string }
  | { readonly good: false; readonly why: string }

/** Verifies a signature by gpgv with this public key and no other, in a folder that knows nothing else. */
export async function checkSignature(
  { signature, text }: SignedText,
  armoredKey: string,
  signal?: AbortSignal,
): Promise<SignatureFinding> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-stranger-'))
  const at = (name: string) => join(folder, name)
  const limits = { ...(signal === undefined ? {} : { signal }), deadline: 60_000 }
  try {
    await writeFile(at('key.asc'), armoredKey)
    await writeFile(at('signature'), signature)
    if (text !== null) await writeFile(at('text'), text)
    const batch = ['--homedir', folder, '--batch', '--no-tty', '--output', at('key.gpg'), '--dearmor', at('key.asc')]
    await run('gpg', batch, limits)
    const what = text === null ? ['--output', at('text'), at('signature')] : [at('signature'), at('text')]
    const args = ['--homedir', folder, '--keyring', at('key.gpg'), '--status-fd', '1', ...what]
    const { stdout } = await run('gpgv', args, { ...limits, okCodes: [0, 1, 2] })
    const finding = readStatus(stdout)
    return 'why' in finding ? finding : { ...finding, text: await readFile(at('text'), 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Status = { readonly good: true; readonly fingerprint: string } | { readonly good: false; readonly why: string }

/** gpgv ends with 0 for a signature by a key that has expired since; its status lines tell. */
function readStatus(status: string): Status {
  const lines = status.split('\n').flatMap((line) => {
    const [, word, rest = ''] = /^\[GNUPG:\] ([A-Z_]+) ?(.*)$/.exec(line) ?? []
    return word === undefined ? [] : [[word, rest.split(' ')] as const]
  })
  const find = (word: string) => lines.find(([one]) => one === word)?.[1]
  const bad = (why: string) => ({ good: false as const, why })
  const [expiredKey] = find('EXPKEYSIG') ?? []
  if (find('BADSIG')) return bad('the signature is wrong: what is signed, or the signature, was changed')
  if (find('NO_PUBKEY')) return bad(`it is signed by another key: ${find('NO_PUBKEY')?.[0] ?? ''}`)
  if (expiredKey !== undefined) return bad(`the key ${expiredKey} has expired${dayOf(find('KEYEXPIRED')?.[0])}`)
  if (find('REVKEYSIG')) return bad(`the key ${find('REVKEYSIG')?.[0] ?? ''} was revoked`)
  if (find('EXPSIG')) return bad('the signature has expired')
  const valid = find('VALIDSIG')
  // Two signatures where one was asked for: what the second covers would go unseen.
  if (find('GOODSIG') && valid && lines.filter(([word]) => word === 'NEWSIG').length === 1) {
    return { good: true, fingerprint: valid.at(-1) ?? '' }
  }
  return bad('there is no OpenPGP signature that can be read')
}

function dayOf(seconds: string | undefined): string {
  return seconds === undefined ? '' : ` on ${new Date(Number(seconds) * 1000).toISOString().slice(0, 10)}`
}
