import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** A key that packages are signed with, made for the occasion. */
export interface SigningKey extends AsyncDisposable {
  /** The public half, as package managers import it. */
  readonly armored: string
  /** What rpm calls the key in the metadata of a compose: the last eight digits of its id. */
  readonly id: string
  /** Signs every package in a folder, in place of the signatures that they have. */
  sign(folder: string): Promise<void>
}

const name = 'compose-for-tests@example.org'

/** Makes a key. Its private half is gone when it is disposed of. */
export async function createSigningKey(): Promise<SigningKey> {
  // Short: the agent's socket is in it, and the path of a socket has 107 characters at most.
  const home = await mkdtemp(join(tmpdir(), 'key-'))
  const gpg = async (...args: string[]) => (await run('gpg', ['--homedir', home, '--batch', ...args])).stdout
  await gpg('--passphrase', '', '--quick-generate-key', name, 'rsa3072', 'sign', 'never')
  const id = /^pub:(?:[^:]*:){3}([0-9A-F]+):/m.exec(await gpg('--list-keys', '--with-colons'))?.[1] ?? ''
  return {
    armored: await gpg('--armor', '--export', name),
    id: id.slice(-8).toLowerCase(),
    async sign(folder) {
      const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.rpm'))
      // Debian's rpm looks for a gpg2 that Debian does not have.
      const macros = [
        '--define',
        '__gpg /usr/bin/gpg',
        '--define',
        `_gpg_name ${name}`,
        '--define',
        `_gpg_path ${home}`,
      ]
      await run('rpmsign', [...macros, '--resign', ...paths.map((path) => join(folder, path))])
    },
    async [Symbol.asyncDispose]() {
      await run('gpgconf', ['--homedir', home, '--kill', 'all'])
      await rm(home, { recursive: true, force: true })
    },
  }
}
