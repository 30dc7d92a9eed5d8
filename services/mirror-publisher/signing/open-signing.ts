import { readFile } from 'node:fs/promises'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import type { MirrorPublisherConfig } from '../config.ts'
import { openSigner, type SignerSettings } from './open-signer.ts'
import type { SignContext, Signing } from './signer.ts'
import { openSigstoreSigner, type SigstoreSigner } from './sigstore.ts'

/** Opens what signs, as the settings say. Throws InvalidConfig naming the setting whose key cannot sign. */
export async function openSigning(config: MirrorPublisherConfig, context: SignContext): Promise<Signing> {
  return {
    signer: await named(config.signingCommand === undefined ? 'SIGNING_KEY' : 'SIGNING_COMMAND', async () => {
      const settings = signerSettings(config)
      return settings && (await openSigner(settings, context))
    }),
    sigstore: await named('SIGSTORE_KEY', () => openSigstore(config)),
  }
}

function signerSettings(config: MirrorPublisherConfig): SignerSettings | null {
  const { signingKey: key, signingHome: home = null, signingCommand: command, signingPublicKey: publicKey } = config
  if (command === undefined) return key === undefined ? null : { by: 'gpg', key, home }
  if (key !== undefined) throw new Error('there is a SIGNING_KEY as well; only one of the two can sign')
  if (publicKey === undefined) throw new Error('it needs SIGNING_PUBLIC_KEY, the file with its public key')
  return { by: 'command', command, publicKey }
}

async function openSigstore({ sigstoreKey }: MirrorPublisherConfig): Promise<SigstoreSigner | null> {
  return sigstoreKey === undefined ? null : openSigstoreSigner(await readFile(sigstoreKey, 'utf8'))
}

async function named<Opened>(setting: string, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open()
  } catch (error) {
    throw new InvalidConfig(`IMAGEDROP_MIRROR_PUBLISHER_${setting}: ${messageOf(error)}`, { cause: error })
  }
}
