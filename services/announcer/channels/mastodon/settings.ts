import { z } from 'zod'
import { tells, type Destination } from '../destinations.ts'
import { readSettingsFile } from '../../settings-file.ts'

const fileSchema = z.strictObject({
  accounts: z.record(
    z.string().regex(/^[\w.@-]+$/),
    z.strictObject({
      server: z.url({ protocol: /^https?$/ }),
      tokenFile: z.string(),
      tells,
      visibility: z.enum(['public', 'unlisted', 'private']).default('public'),
      language: z
        .string()
        .regex(/^[a-z]{2,3}$/)
        .default('en'),
      letters: z.int().min(100).max(100_000).default(500),
    }),
  ),
})

/** An account that posts, on the server that it is of. */
export interface Account extends Destination {
  readonly server: string
  readonly token: string
  readonly visibility: 'public' | 'unlisted' | 'private'
  readonly language: string
  /** The longest post that its server takes. */
  readonly letters: number
}

/** Reads the file that names the accounts. */
export function readMastodonSettings(path: string): Account[] {
  const { settings, read } = readSettingsFile('IMAGEDROP_ANNOUNCER_MASTODON_FILE', path, fileSchema)
  return Object.entries(settings.accounts).map(([name, { tokenFile, ...account }]) => ({
    name,
    ...account,
    token: read(tokenFile),
  }))
}
