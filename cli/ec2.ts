import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'

type Environment = Readonly<Record<string, string | undefined>>

/** Whether this host says how to reach AWS, or another endpoint was configured. Asks no network. */
export function hasEc2(env: Environment): boolean {
  const variables = [
    'IMAGEDROP_EC2_PUBLISHER_ENDPOINT',
    'AWS_ACCESS_KEY_ID',
    'AWS_PROFILE',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  ]
  return variables.some((name) => (env[name] ?? '') !== '') || existsSync(join(homedir(), '.aws', 'credentials'))
}

/** Starts the emulator in the state folder and gives the settings that point the publisher at it. */
export async function emulateEc2(stateFolder: string, log: Logger) {
  const { startEmulator } = await import('../services/ec2-publisher/emulator/start.ts')
  const emulator = await startEmulator({ folder: join(stateFolder, 'ec2-emulator'), now: () => new Date(), log })
  return { env: emulator.env, url: emulator.url, close: () => emulator.close() }
}
