import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { InvalidConfig, readConfig } from '#service/config.ts'

/** Which images are versions of which products, as shipped. */
export const shippedListings = fileURLToPath(new URL('../../deploy/marketplace.yaml', import.meta.url))

/** Settings of the marketplace-publisher, from `IMAGEDROP_MARKETPLACE_PUBLISHER_*`; README.md has the table. */
export function readMarketplacePublisherConfig(env: Readonly<Record<string, string | undefined>>) {
  const settings = readConfig(
    'MARKETPLACE_PUBLISHER',
    {
      listings: z.string().min(1).default(shippedListings),
      /** A profile of AWS's configuration files: the seller's account. */
      profile: z.string().min(1).nullable().default(null),
      endpoint: z.url().nullable().default(null),
      emulated: z.stringbool().default(false),
      jobs: z.coerce.number().int().min(1).max(16).default(2),
      pollSeconds: z.coerce.number().min(0.001).max(300).default(5),
      patienceSeconds: z.coerce.number().min(0.1).max(86_400).default(120),
      /** How long a request may go without an answer. */
      silenceSeconds: z.coerce.number().min(1).max(3_600).default(60),
      /** How often a change set is looked at. */
      lookSeconds: z.coerce.number().min(1).max(86_400).default(300),
      /** How long one may be under review before a person is asked. */
      reviewDays: z.coerce.number().min(0.001).max(60).default(30),
    },
    env,
  )
  if (settings.emulated && settings.endpoint === null)
    throw new InvalidConfig('IMAGEDROP_MARKETPLACE_PUBLISHER_ENDPOINT: the address of the emulator, got nothing')
  return settings
}

/** How the catalog is reached and how patient we are with it. */
export type MarketplaceSettings = ReturnType<typeof readMarketplacePublisherConfig>
