import { emulatorAccount } from '#publishing/emulator-account.ts'
import type { StandIn } from '#service/stand-in.ts'
import { readMarketplacePublisherConfig } from './config.ts'
import { lookForSeller } from './aws/credentials.ts'
import { readListings } from './listings-file.ts'
import { target } from './step.ts'

/** The emulator in `emulator/`, for hosts without AWS credentials. */
export const standIn: StandIn = {
  target,
  title: 'the Marketplace',
  isUsed: (env) => readListings(readMarketplacePublisherConfig(env).listings).products.length > 0,
  look: lookForSeller,
  async start({ folder, port, log }) {
    const { startEmulator } = await import('./emulator/start.ts')
    return await startEmulator({ folder, port, log })
  },
  settings: (url) => ({
    IMAGEDROP_MARKETPLACE_PUBLISHER_ENDPOINT: url,
    IMAGEDROP_MARKETPLACE_PUBLISHER_EMULATED: 'true',
    AWS_ACCESS_KEY_ID: emulatorAccount.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorAccount.secretAccessKey,
  }),
}
