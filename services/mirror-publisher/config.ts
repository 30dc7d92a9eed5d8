import { z } from 'zod'
import { readConfig } from '#service/config.ts'

/** Reads the settings of the mirror-publisher from the environment. */
export function readMirrorPublisherConfig(env: Readonly<Record<string, string | undefined>>) {
  return readConfig(
    'MIRROR_PUBLISHER',
    {
      root: z.string().min(1).optional().describe('The folder that mirrors copy; default `<state>/mirror`'),
      publicUrl: z
        .url({ protocol: /^https?$/ })
        .transform((url) => (url.endsWith('/') ? url : `${url}/`))
        .nullable()
        .default(null)
        .describe('Where the world reaches the root'),
      masters: z.string().min(1).optional().describe('File that names the other masters'),
      signingKey: z.string().min(1).optional().describe('OpenPGP key that clear-signs CHECKSUM files'),
      signingHome: z.string().min(1).optional().describe("GnuPG's folder with that key; default the user's own"),
    },
    env,
  )
}
