import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { stringify } from 'yaml'
import type { CloudContext, Cloud } from '../cloud.ts'
import { createDirectCloud } from '../cloud/direct-cloud.ts'
import { readMarketplacePublisherConfig } from '../config.ts'
import { startEmulator, type Emulator, type EmulatorOptions } from '../emulator/start.ts'
import { readListings } from '../listings-file.ts'
import type { Dependencies } from '../service.ts'
import { emulatorAccount } from '#publishing/emulator-account.ts'

/** A seller's catalog with a clock of its own, and a publisher with listings. */
export interface Bench extends AsyncDisposable {
  readonly emulator: Emulator
  readonly dependencies: Dependencies
  readonly clock: { now: number }
  /** Starts the emulator again on what it has kept. */
  restart(options?: Partial<EmulatorOptions>): Promise<void>
  /** Writes other listings. */
  list(change: object): Promise<void>
  /** Everything that the emulator was asked, by operation. */
  readonly calls: string[]
  /** Speaks to the catalog at an address, with settings of its own. */
  connect(address: string, settings?: Readonly<Record<string, string>>): Cloud
}

export const seller = emulatorAccount
export const products = { x86_64: 'prod-x86', aarch64: 'prod-arm' }

export const row = {
  distribution: ['Fedora'],
  flavour: ['ec2'],
  access_role: 'arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion',
  usage: 'ssh fedora@ADDRESS',
  user_name: 'fedora',
  os_name: 'OTHERLINUX',
}
const rows = [
  { ...row, product: products.x86_64, architecture: 'x86_64', instance_type: 't3.micro' },
  { ...row, product: products.aarch64, architecture: 'aarch64', instance_type: 't4g.micro' },
]

const hours = { preparation: 3_600_000, application: 3_600_000 }

export async function setUp(given: Partial<EmulatorOptions> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-marketplace-'))
  const path = join(folder, 'marketplace.yaml')
  const clock = { now: Date.now() }
  const calls: string[] = []
  const start = (options: Partial<EmulatorOptions>) =>
    startEmulator({
      folder: join(folder, 'emulator'),
      log: pino({ level: 'silent' }),
      now: () => new Date(clock.now),
      delays: hours,
      products: [
        { id: products.x86_64, visibility: 'Public', architecture: 'x86_64', instanceTypes: ['t3.micro'] },
        { id: products.aarch64, visibility: 'Limited', architecture: 'aarch64', instanceTypes: ['t4g.micro'] },
      ],
      imageOf: (ami) => ({ architecture: ami.startsWith('ami-a') ? 'aarch64' : 'x86_64', findings: [] }),
      ...given,
      ...options,
      faults: (call) => {
        calls.push(call.operation)
        return (options.faults ?? given.faults)?.(call) ?? null
      },
    })
  let emulator = await start({})
  const connect = (address: string, settings = {}): Cloud =>
    createDirectCloud(
      readMarketplacePublisherConfig({
        IMAGEDROP_MARKETPLACE_PUBLISHER_LISTINGS: path,
        IMAGEDROP_MARKETPLACE_PUBLISHER_ENDPOINT: address,
        IMAGEDROP_MARKETPLACE_PUBLISHER_EMULATED: 'true',
        IMAGEDROP_MARKETPLACE_PUBLISHER_POLL_SECONDS: '0.01',
        IMAGEDROP_MARKETPLACE_PUBLISHER_PATIENCE_SECONDS: '5',
        ...settings,
      }),
      seller,
    )
  const cloud = () => connect(emulator.url)
  const write = (change: object) => writeFile(path, stringify({ apply: true, products: rows, ...change }))
  await write({})
  return {
    get emulator() {
      return emulator
    },
    calls,
    clock,
    connect,
    dependencies: {
      cloud: {
        list: (order, how, context: CloudContext) => cloud().list(order, how, context),
        withdraw: (version, past, context) => cloud().withdraw(version, past, context),
      },
      listings: () => readListings(path),
      emulated: true,
      lookSeconds: 300,
      reviewDays: 30,
    },
    list: write,
    async restart(options = {}) {
      await emulator.close()
      emulator = await start(options)
    },
    async [Symbol.asyncDispose]() {
      await emulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
