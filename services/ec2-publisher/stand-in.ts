import type { StandIn } from '#service/stand-in.ts'
import { lookForAws } from './aws/credentials.ts'
import { emulatorAccount } from './emulator/credentials.ts'
import { target } from './step.ts'

/** The emulator in `emulator/`, for hosts without AWS credentials. */
export const standIn: StandIn = {
  target,
  title: 'EC2',
  look: lookForAws,
  async start({ folder, port, log }) {
    const { startEmulator } = await import('./emulator/start.ts')
    // As an account that publishes images has it: AWS begins with 5 public images per region, and raises it on request.
    return await startEmulator({ folder, port, log, publicImageQuota: 1000, optedIn: 'all' })
  },
  settings: (url) => ({
    IMAGEDROP_EC2_PUBLISHER_ENDPOINT: url,
    IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true',
    AWS_ACCESS_KEY_ID: emulatorAccount.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorAccount.secretAccessKey,
  }),
}
