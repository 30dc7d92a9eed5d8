import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const call = promisify(execFile)

/** A throw-away OpenPGP key in a GnuPG folder of its own. */
export async function makeKey(address: string) {
  const home = await mkdtemp(join(tmpdir(), 'imagedrop-gpg-'))
  const options = ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '']
  await call('gpg', [...options, '--quick-generate-key', address, 'ed25519', 'sign', 'never'])
  return {
    home,
    async [Symbol.asyncDispose]() {
      await call('gpgconf', ['--homedir', home, '--kill', 'gpg-agent'])
      await rm(home, { recursive: true, force: true })
    },
  }
}
