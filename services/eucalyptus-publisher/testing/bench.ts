import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import { createSend } from '#publishing/http.ts'
import { createClouds, type Clouds } from '../cloud.ts'
import { readEucalyptusPublisherConfig } from '../config.ts'
import { startEmulator, type Emulator, type EmulatorOptions } from '../emulator/start.ts'
import { createOpenPlaces } from '../places.ts'

/** An artifact store, an emulated cloud, and a publisher with an account there. */
export interface Bench extends AsyncDisposable {
  readonly folder: string
  readonly artifacts: ArtifactStore
  readonly emulator: Emulator
  readonly clouds: Clouds
  readonly keepDays: number
  /** Another publisher with the same account, at these clouds. */
  publisher(settings?: PublisherSettings): Promise<Clouds>
}

interface PublisherSettings {
  /** Addresses of the clouds by name. */
  readonly clouds?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** More lines for the section of the user. */
  readonly user?: readonly string[]
  readonly now?: () => number
}

export async function setUp(options: Partial<EmulatorOptions> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-eucalyptus-publisher-'))
  const emulator = await openCloud(join(folder, 'cloud'), options)
  let files = 0
  async function publisher({ clouds = { one: emulator.url }, env = {}, user = [], now }: PublisherSettings = {}) {
    files += 1
    const configFile = join(folder, `euca2ools-${String(files)}.ini`)
    await writeFile(configFile, iniOf(clouds, user))
    const settings = readEucalyptusPublisherConfig({
      IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: Object.keys(clouds).join(','),
      IMAGEDROP_EUCALYPTUS_PUBLISHER_CONFIG_FILE: configFile,
      IMAGEDROP_EUCALYPTUS_PUBLISHER_COMPRESSION: '1',
      IMAGEDROP_EUCALYPTUS_PUBLISHER_POLL_SECONDS: '0.02',
      IMAGEDROP_EUCALYPTUS_PUBLISHER_PATIENCE_SECONDS: '1.5',
      ...env,
    })
    return createClouds(createOpenPlaces(settings, {}, createSend, now), settings)
  }
  return {
    folder,
    artifacts: await createFolderStore(join(folder, 'artifacts')),
    emulator,
    clouds: await publisher(),
    keepDays: 30,
    publisher,
    async [Symbol.asyncDispose]() {
      await emulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts an emulated cloud. All have one key, which would take longest to make. */
export async function openCloud(folder: string, options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'cloud-key.pem'), cloudKey)
  return await startEmulator({ folder, log: pino({ level: 'silent' }), ...options })
}

const cloudKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })

/** As euca2ools reads it. */
function iniOf(clouds: Readonly<Record<string, string>>, user: readonly string[]): string {
  const regions = Object.entries(clouds).flatMap(([name, url]) => [
    `[region ${name}]`,
    ...['ec2-url', 's3-url', 'bootstrap-url'].map((key, index) => `${key} = ${url}/services/${services[index] ?? ''}/`),
    'user = publisher',
  ])
  const { accessKeyId, secretAccessKey, accountId } = emulatorAccount
  const keys = [`key-id = ${accessKeyId}`, `secret-key = ${secretAccessKey}`, `account-id = ${accountId}`]
  return [...regions, '[user publisher]', ...keys, ...user, ''].join('\n')
}

const services = ['compute', 'objectstorage', 'bootstrap']
