import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** A key pair for one boot. */
export interface KeyPair {
  readonly privateKeyFile: string
  readonly publicKey: string
}

/** Makes a key pair in `folder`. */
export async function makeKeyPair(folder: string, signal: AbortSignal): Promise<KeyPair> {
  const privateKeyFile = join(folder, 'key')
  // It would ask whether to overwrite.
  await Promise.all([rm(privateKeyFile, { force: true }), rm(`${privateKeyFile}.pub`, { force: true })])
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'boot-test', '-f', privateKeyFile], { signal })
  return { privateKeyFile, publicKey: (await readFile(`${privateKeyFile}.pub`, 'utf8')).trim() }
}
