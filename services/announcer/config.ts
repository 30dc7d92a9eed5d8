import { z } from 'zod'
import { InvalidConfig, readConfig } from '#service/config.ts'

const url = z.url({ protocol: /^https?$/ })
const address = z.email()

/** Reads the announcer's settings from the environment; each is in the README's table. */
export function readAnnouncerConfig(env: Readonly<Record<string, string | undefined>>) {
  const settings = readConfig(
    'ANNOUNCER',
    {
      title: z.string().min(1).default('Cloud images'),
      domain: z.hostname().default('imagedrop.localhost'),
      from: address.optional(),
      to: z
        .string()
        .transform((list) =>
          list
            .split(',')
            .map((one) => one.trim())
            .filter((one) => one !== ''),
        )
        .pipe(z.array(address))
        .default([]),
      smtpUrl: z.url({ protocol: /^smtps?$/ }).optional(),
      mirrorUrl: url.optional(),
      pageUrl: url.optional(),
      feedEntries: z.coerce.number().int().min(1).max(1000).default(50),
    },
    env,
  )
  if (settings.smtpUrl !== undefined && settings.to.length === 0) {
    throw new InvalidConfig('IMAGEDROP_ANNOUNCER_TO: it names nobody, but IMAGEDROP_ANNOUNCER_SMTP_URL is set')
  }
  return { ...settings, from: settings.from ?? `imagedrop@${settings.domain}` }
}
export type AnnouncerConfig = ReturnType<typeof readAnnouncerConfig>
