import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { openSigner } from '../signing/open-signer.ts'
import { openSigstoreSigner } from '../signing/sigstore.ts'

const context = () => ({ signal: AbortSignal.timeout(120_000), logFolder: null })

interface KeyOptions {
  /** As gpg takes it: `never`, `1y`. */
  readonly expires?: string
  /** When it is made, as gpg takes it: `20200101T000000`. */
  readonly made?: string
}

/** A throw-away OpenPGP key in a GnuPG folder of its own. */
export async function makeKey(address: string, { expires = 'never', made }: KeyOptions = {}) {
  const home = await mkdtemp(join(tmpdir(), 'imagedrop-gpg-'))
  const then = made === undefined ? [] : ['--faked-system-time', `${made}!`]
  const base = ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...then]
  await run('gpg', [...base, '--quick-generate-key', address, 'ed25519', 'sign', expires])
  return {
    home,
    address,
    signer: () => openSigner({ by: 'gpg', key: address, home }, context()),
    /** The public key in ASCII armor. */
    async armored(): Promise<string> {
      return (await run('gpg', ['--homedir', home, '--batch', '--armor', '--export', address])).stdout
    },
    /** A detached signature, made at the time of the key. */
    async sign(file: string, to: string): Promise<void> {
      await run('gpg', [...base, '--yes', '--local-user', address, '--output', to, '--detach-sign', file])
    },
    async [Symbol.asyncDispose]() {
      await run('gpgconf', ['--homedir', home, '--kill', 'gpg-agent'])
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** A throw-away key for Sigstore bundles, as PEM. */
export function makeSigstoreKey(namedCurve = 'prime256v1'): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** What signs bundles with a throw-away key. */
export function makeSigstore() {
  return openSigstoreSigner(makeSigstoreKey())
}

/** A program that signs as an operator's own command does: by gpg, from its standard input. */
export async function makeSigningCommand(home: string, address: string): Promise<string> {
  const path = join(home, 'sign')
  const gpg = `exec gpg --homedir '${home}' --batch --no-tty --local-user '${address}'`
  const forms = `case "$1" in clear) ${gpg} --clearsign;; armored) ${gpg} --armor --detach-sign;; *) ${gpg} --detach-sign;; esac`
  await writeFile(path, `#!/bin/sh\n${forms}\n`, { mode: 0o755 })
  return path
}
