import { emulatorAccount } from '#publishing/emulator-account.ts'
import type { StandIn } from '#service/stand-in.ts'
import { eucarc } from './config-file.ts'
import { readEucalyptusPublisherConfig } from './config.ts'
import { target } from './step.ts'

/** The emulator in `emulator/`, for hosts that are to publish to the cloud of an `eucarc` and have none. */
export const standIn: StandIn = {
  target,
  title: 'Eucalyptus',
  isUsed: (env) => readEucalyptusPublisherConfig(env).clouds.some(({ place }) => place === eucarc),
  look: (env) => (env['EC2_URL'] ? { found: env['EC2_URL'] } : { missing: 'no eucarc was read: EC2_URL is not set' }),
  async start({ folder, port, log }) {
    const { startEmulator } = await import('./emulator/start.ts')
    return await startEmulator({ folder, port, log })
  },
  settings: (url) => ({
    IMAGEDROP_EUCALYPTUS_PUBLISHER_EMULATED: 'true',
    EC2_URL: `${url}/services/compute/`,
    S3_URL: `${url}/services/objectstorage/`,
    EUCA_BOOTSTRAP_URL: `${url}/services/bootstrap/`,
    EC2_USER_ID: emulatorAccount.accountId,
    EC2_ACCESS_KEY: emulatorAccount.accessKeyId,
    EC2_SECRET_KEY: emulatorAccount.secretAccessKey,
  }),
}
