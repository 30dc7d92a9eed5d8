import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { run } from '#subprocess/run.ts'
import type { Environment } from './command.ts'
import { findCredentials } from '../services/ec2-publisher/credentials.ts'

/** The settings that point the ec2-publisher at an emulator, which runs until it is disposed of. */
export interface EmulatedEc2 extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
}

/** Whether this host says how to reach AWS, or another endpoint was configured. Asks no network. */
export function hasEc2(env: Environment): boolean {
  return Boolean(env['IMAGEDROP_EC2_PUBLISHER_ENDPOINT']) || findCredentials(env) !== null
}

/**
 * Starts the emulator, its memory in the state folder, as the process of its own that it would be if it were AWS: the
 * disks that it takes in and checks are no work for the process of the services.
 */
export async function emulateEc2(stateFolder: string, log: Logger): Promise<EmulatedEc2> {
  const program = join(import.meta.dirname, '..', 'services', 'ec2-publisher', 'emulator', 'main.ts')
  // As an account that publishes images has it: AWS begins with 5 public images per region and raises it on request.
  const args = [program, '--folder', join(stateFolder, 'ec2-emulator'), '--quota', '1000']
  const logs = join(stateFolder, 'logs')
  await mkdir(logs, { recursive: true })
  const stop = new AbortController()
  const listening = Promise.withResolvers<string>()
  const ended = run(process.execPath, args, {
    signal: stop.signal,
    log: join(logs, 'ec2-emulator.log'),
    onLine(line) {
      const url = /"url":"([^"]+)"/.exec(line)?.[1]
      if (url !== undefined) listening.resolve(url)
    },
  }).catch((error: unknown) => {
    listening.reject(error)
    if (!stop.signal.aborted) log.error({ err: error }, 'failed')
  })
  return {
    env: { IMAGEDROP_EC2_PUBLISHER_ENDPOINT: await listening.promise, IMAGEDROP_EC2_PUBLISHER_EMULATED: 'true' },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('no longer needed'))
      await ended
    },
  }
}
