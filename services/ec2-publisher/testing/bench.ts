import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { ArtifactStore } from '#artifacts/store.ts'
import { createFolderStore } from '#artifacts/folder.ts'
import { dropBlessed, type DropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { imageTested } from '#events/image-tested.ts'
import { say } from '#events/define.ts'
import type { ArtifactRef, DropImage, ImagePlan, Registration } from '#events/vocabulary.ts'
import { handTo, imagesWith } from '#publishing/testing/hand-to.ts'
import type { Context, Waited } from '#service/define.ts'
import type { Cloud } from '../cloud.ts'
import { readEc2PublisherConfig, type Ec2Settings } from '../config.ts'
import type { Credentials } from '../aws/region.ts'
import { createDirectCloud } from '../cloud/direct-cloud.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import { startEmulator, type Emulator, type EmulatorOptions } from '../emulator/start.ts'
import { connectClients, quick, type Clients } from '../emulator/testing/emulated-cloud.ts'
import { ec2Publisher, type Dependencies } from '../service.ts'
import { standIn } from '../stand-in.ts'

const block = 524_288
export const silent = pino({ level: 'silent' })

type Environment = Readonly<Record<string, string>>

/** A place of its own for a test: an emulator, an artifact store, and all that goes with them. */
export interface Bench extends AsyncDisposable {
  readonly folder: string
  readonly artifacts: ArtifactStore
  readonly settings: Ec2Settings
  readonly cloud: Cloud
  readonly emulator: Emulator
  /** Speaks to the emulator as a person with the AWS command line would. */
  readonly region: Clients
  /** Ends the emulator as SIGKILL would, and starts it again on what it left, under another address. */
  restart(options?: Partial<EmulatorOptions>, env?: Environment): Promise<void>
  connect(region: string): Clients
}

export async function setUp(
  options: Partial<EmulatorOptions> = {},
  env: Environment = {},
  credentials: Credentials = emulatorAccount,
): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-ec2-'))
  const begin = (more: Partial<EmulatorOptions>) =>
    startEmulator({
      folder: join(folder, 'emulator'),
      log: silent,
      ...options,
      ...more,
      delays: { ...quick, ...options.delays },
    })
  const connect = (emulator: Emulator, more: Environment = {}) => {
    const variables = {
      ...standIn.settings(emulator.url),
      IMAGEDROP_EC2_PUBLISHER_POLL_SECONDS: '0.02',
      IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '5',
      ...env,
      ...more,
    }
    const settings = readEc2PublisherConfig(variables, join(folder, 'state'))
    const region = connectClients(emulator.url, { region: settings.regions[0] ?? '' })
    return { emulator, settings, region, cloud: createDirectCloud(settings, credentials) }
  }
  const bench = {
    folder,
    artifacts: await createFolderStore(join(folder, 'artifacts')),
    ...connect(await begin({})),
    connect: (region: string) => connectClients(bench.emulator.url, { region }),
    async restart(more: Partial<EmulatorOptions> = {}, env: Environment = {}) {
      await bench.emulator.close()
      Object.assign(bench, connect(await begin(more), env))
    },
    async [Symbol.asyncDispose]() {
      await bench.emulator.close()
      await rm(folder, { recursive: true })
    },
  }
  return bench
}

/** Keeps a sparse raw disk of so many MiB: data at the start, zeros that look like data, a hole, a ragged end. */
export async function keepDisk(artifacts: ArtifactStore, mebibytes = 8, tail = 1000): Promise<ArtifactRef> {
  await using draft = await artifacts.draft('disk.raw')
  const size = mebibytes * 1024 * 1024 + tail
  await writeFile(draft.path, '')
  await truncate(draft.path, size)
  {
    await using file = await open(draft.path, 'r+')
    await file.write(randomBytes(block + 4096), 0, null, 0)
    await file.write(Buffer.alloc(2 * block), 0, null, 3 * block)
    await file.write(randomBytes(10), 0, null, 6 * block + 77)
    await file.write(randomBytes(tail), 0, tail, size - tail)
  }
  return await artifacts.keep(draft, { format: 'raw' })
}

/** The example's EC2 image, tested and passed, with a disk that is really there. */
export function tested(disk: ArtifactRef, change: Partial<ImagePlan> = {}, drop = imageTested.example.drop) {
  const image: ImagePlan = { ...imageTested.example.image, ...change }
  return seal(say(imageTested, { ...imageTested.example, drop, image, disk }), { now: new Date(0) })
}

/** The drop with one image, blessed. */
export function blessed(
  registrations: readonly Registration[],
  change: Partial<DropImage> = {},
  milestone: DropBlessed['milestone'] = 'Beta',
) {
  const images = imagesOf(registrations).map((one) => ({ ...one, ...change }))
  return seal(say(dropBlessed, { ...dropBlessed.example, milestone, images }), { now: new Date(0) })
}

type Maybe = readonly (Registration | undefined)[]

/** The drop with one image, superseded. */
export function superseded(registrations: Maybe, drop: string, reason?: string) {
  const why = reason === undefined ? {} : { reason }
  return seal(say(dropSuperseded, { ...dropSuperseded.example, ...why, drop, images: imagesOf(registrations) }), {
    now: new Date(0),
  })
}

/** The drop with one image, expired. */
export function expired(registrations: Maybe, drop: string) {
  return seal(say(dropExpired, { ...dropExpired.example, drop, images: imagesOf(registrations) }), {
    now: new Date(0),
  })
}

function imagesOf(registrations: Maybe) {
  return imagesWith(
    imageTested.example.image,
    registrations.filter((each) => each !== undefined),
  )
}

type Change = Partial<Context> & { readonly waited?: Waited }

/** Hands an event to the service. */
export async function handle(
  bench: Bench & Partial<Dependencies>,
  event: Parameters<typeof ec2Publisher.handle>[0],
  change: Change = {},
) {
  return [...(await handleOnce(bench, event, change)).events]
}

/** The same, with what the service waits for if it is not done. */
export async function handleOnce(
  bench: Bench & Partial<Dependencies>,
  event: Parameters<typeof ec2Publisher.handle>[0],
  change: Change = {},
) {
  return await handTo(ec2Publisher, bench, event, { folder: bench.folder, ...change })
}

/** As the runtime wakes a job whose time has come. */
export function woken({ wait }: Awaited<ReturnType<typeof handleOnce>>): {
  readonly waited: Waited
  readonly now: () => Date
} {
  if (wait === undefined) throw new Error('the service does not wait')
  return {
    now: () => wait.until,
    waited: { state: JSON.parse(JSON.stringify(wait.state)) as unknown, why: 'time', since: new Date() },
  }
}

/** The registrations of an image that the service said was uploaded. */
export function registrationsIn(said: Awaited<ReturnType<typeof handle>>): Registration[] {
  return said.flatMap((one) => (one.subject === 'image.uploaded.v1' ? one.body.registrations : []))
}

/** Uploads a disk of its own as the example's EC2 image, and gives the registrations. */
export async function upload(bench: Bench, change: Partial<ImagePlan> = {}): Promise<Registration[]> {
  return registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts), change)))
}

/** Everything that is in the emulated cloud, as its owner sees it. */
export async function inventory({ region }: { readonly region: Clients }) {
  const { Images: images = [] } = await region.ec2.describeImages({ Owners: ['self'] })
  const { Snapshots: snapshots = [] } = await region.ec2.describeSnapshots({ OwnerIds: ['self'] })
  return { images: images.filter((one) => one.State !== 'deregistered'), snapshots }
}

/** Reads a snapshot back through the API, block by block, as the disk that it is. */
export async function readBack(
  { region }: { readonly region: Clients },
  snapshotId: string,
  size: number,
): Promise<Buffer> {
  const disk = Buffer.alloc(Math.ceil(size / block) * block)
  const { Blocks: blocks = [] } = await region.ebs.listSnapshotBlocks({ SnapshotId: snapshotId })
  for (const { BlockIndex: index = 0, BlockToken: token } of blocks) {
    const got = await region.ebs.getSnapshotBlock({ SnapshotId: snapshotId, BlockIndex: index, BlockToken: token })
    const bytes = Buffer.from((await got.BlockData?.transformToByteArray()) ?? [])
    if (createHash('sha256').update(bytes).digest('base64') !== got.Checksum) throw new Error(`block ${String(index)}`)
    bytes.copy(disk, index * block)
  }
  return disk.subarray(0, size)
}

export async function bytesOf(artifacts: ArtifactStore, ref: ArtifactRef): Promise<Buffer> {
  return await readFile(await artifacts.open(ref))
}
