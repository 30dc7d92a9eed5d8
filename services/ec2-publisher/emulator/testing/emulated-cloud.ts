import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EBS } from '@aws-sdk/client-ebs'
import { EC2, type RegisterImageCommandInput } from '@aws-sdk/client-ec2'
import { pino } from 'pino'
import { emulatorAccount } from '../credentials.ts'
import { startEmulator, type Emulator, type EmulatorOptions } from '../start.ts'

/** Quick, but not nothing: what is made is not to be seen at once. */
export const quick = {
  visibility: 5,
  completion: 15,
  availability: 15,
  copy: 25,
  validation: 10,
  launch: 20,
  import: 25,
}

/** Clients of a region of the emulator, as anybody else has them: a refusal is an error at once. */
export interface Clients {
  readonly ec2: EC2
  readonly ebs: EBS
}

export function connectClients(
  endpoint: string,
  { region = 'us-east-1', credentials = emulatorAccount }: { region?: string; credentials?: Credentials } = {},
): Clients {
  const common = { region, endpoint, credentials, maxAttempts: 1 }
  return { ec2: new EC2(common), ebs: new EBS(common) }
}

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** An emulator whose clock stands still but for `pass`: what depends on time is then certain. */
export interface EmulatedCloud extends AsyncDisposable {
  readonly emulator: Emulator
  /** us-east-1 */
  readonly region: Clients
  connect(region: string): Clients
  pass(milliseconds: number): void
  /** Ends the emulator as SIGKILL would, and starts it again on what it left, under another address. */
  restart(): Promise<void>
}

export async function setUpFrozen(options: Partial<EmulatorOptions> = {}): Promise<EmulatedCloud> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-ec2-emulator-'))
  let time = Date.now()
  const log = pino({ level: 'silent' })
  const now = () => new Date(time)
  const begin = async () => {
    const emulator = await startEmulator({ folder, log, now, ...options, delays: { ...quick, ...options.delays } })
    return { emulator, region: connectClients(emulator.url) }
  }
  const cloud = {
    ...(await begin()),
    connect: (region: string) => connectClients(cloud.emulator.url, { region }),
    pass(milliseconds: number) {
      time += milliseconds
    },
    async restart() {
      await cloud.emulator.close()
      Object.assign(cloud, await begin())
    },
    async [Symbol.asyncDispose]() {
      await cloud.emulator.close()
      await rm(folder, { recursive: true })
    },
  }
  return cloud
}

/** An available image of an empty disk of 1 GiB. */
export async function registerEmpty(
  { region: { ec2, ebs }, pass }: Pick<EmulatedCloud, 'region' | 'pass'>,
  change: Partial<RegisterImageCommandInput> = {},
): Promise<string> {
  const { SnapshotId: snapshot = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  pass(10)
  await ebs.completeSnapshot({ SnapshotId: snapshot, ChangedBlocksCount: 0 })
  pass(20)
  const { ImageId: id = '' } = await ec2.registerImage({
    Name: 'an image',
    BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshot } }],
    ...change,
  })
  pass(20)
  return id
}
