import { z } from 'zod'
import { readConfig } from '#service/config.ts'

/** Reads the settings of the mirror-publisher from the environment. */
export function readMirrorPublisherConfig(env: Readonly<Record<string, string | undefined>>) {
  const text = z.string().min(1)
  return readConfig(
    'MIRROR_PUBLISHER',
    {
      root: text.optional().describe('The folder that mirrors copy; default `<state>/mirror`'),
      publicUrl: z
        .url({ protocol: /^https?$/ })
        .transform((url) => (url.endsWith('/') ? url : `${url}/`))
        .nullable()
        .default(null)
        .describe('Where the world reaches the root'),
      downloads: text.optional().describe('File that names mirrors, for metalinks and torrents'),
      graceHours: z.coerce
        .number()
        .min(0)
        .max(8760)
        .default(24)
        .describe('How long files of an expired drop stay after no index names them'),
      masters: text.optional().describe('File that names the other masters'),
      signingKey: text.optional().describe('OpenPGP key that signs checksums, as gpg takes it'),
      signingHome: text.optional().describe("GnuPG's folder with that key; default the user's own"),
      signingCommand: text.optional().describe('Command that signs instead of gpg'),
      signingPublicKey: text.optional().describe('File with the public key of that command'),
      sigstoreKey: text.optional().describe('File with an ECDSA P-256 key that signs Sigstore bundles'),
      builderId: z.url().default('urn:imagedrop:builder').describe('URI of who vouches for the provenance'),
    },
    env,
  )
}

export type MirrorPublisherConfig = ReturnType<typeof readMirrorPublisherConfig>
