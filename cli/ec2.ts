import { join } from 'node:path'
import type { Logger } from 'pino'
import { findCredentials } from '../services/ec2-publisher/credentials.ts'
import { emulatorAccount } from '../services/ec2-publisher/emulator/credentials.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Whether this host says how to reach AWS, or another endpoint was configured. Asks no network. */
export function hasEc2(env: Environment): boolean {
  return Boolean(env['IMAGEDROP_EC2_PUBLISHER_ENDPOINT']) || findCredentials(env) !== null
}

/** Starts the emulator in the state folder; `env` points the publisher at it. */
export async function emulateEc2(stateFolder: string, log: Logger) {
  const { startEmulator } = await import('../services/ec2-publisher/emulator/start.ts')
  const folder = join(stateFolder, 'ec2-emulator')
  // As an account that publishes images has it: AWS begins with 5 public images per region and raises it on request.
  const emulator = await startEmulator({ folder, log, publicImageQuota: 1_000 })
  return {
    env: {
      IMAGEDROP_EC2_PUBLISHER_ENDPOINT: emulator.url,
      IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true',
      AWS_ACCESS_KEY_ID: emulatorAccount.accessKeyId,
      AWS_SECRET_ACCESS_KEY: emulatorAccount.secretAccessKey,
    },
    [Symbol.asyncDispose]: () => emulator.close(),
  }
}
