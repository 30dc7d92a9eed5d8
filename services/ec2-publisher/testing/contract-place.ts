import { SSM } from '@aws-sdk/client-ssm'
import type { ArtifactRef, Registration } from '#events/vocabulary.ts'
import type { Call, OpenPlace, PlaceDeclaration, Step, Via } from '#publishing/testing/contract-place.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import { createDirectCloud } from '../cloud/direct-cloud.ts'
import { readEc2PublisherConfig } from '../config.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import type { InstanceRecord } from '../emulator/records.ts'
import type { Account } from '../emulator/signature.ts'
import type { EmulatorOptions } from '../emulator/start.ts'
import { connectClients, type Clients } from '../emulator/testing/emulated-cloud.ts'
import { standIn } from '../stand-in.ts'
import { amiName } from '../upload/ami-name.ts'
import { blessed, expired, handleOnce, keepDisk, setUp, superseded, tested, type Bench } from './bench.ts'
import { everything } from './everything.ts'
import { inventoryOf } from './inventory.ts'
import { tellingGuest } from './telling-guest.ts'

const regions = ['us-east-1', 'eu-central-1']
/** Another key of the same account, which nobody takes away. */
const person = { ...emulatorAccount, accessKeyId: 'AKIAPERSONEXAMPLE000', secretAccessKey: 'looks after the account' }

/** The emulator, with a key for the publisher and one for a person of the same account. */
export const contractPlace = placeWith({})

/** The same where the publisher does all that it can. */
export const contractPlaceInFull = placeWith(everything)

function placeWith(extra: Partial<typeof everything>): PlaceDeclaration {
  const direct = {
    account: emulatorAccount,
    setUp: async (options: Partial<EmulatorOptions>) => ({ bench: await setUp(options) }),
  }
  const open = () => openPlace(direct, extra)
  return { start: () => Promise.resolve({ atOnce: 6, stride: 7, open, async [Symbol.asyncDispose]() {} }) }
}

/** How disks come to EC2 in a place. */
export interface Form {
  /** The key of the publisher. */
  readonly account: Account
  readonly setUp: (options: Partial<EmulatorOptions>) => Promise<{ readonly bench: Bench; readonly beside?: Beside }>
}

/** What belongs to a place besides EC2. */
export interface Beside {
  /** What a publisher is told of it. */
  settings(via: Via): Promise<Readonly<Record<string, string>>>
  /** What of ours is there, and what of that EC2 tells. */
  leftovers(region: Clients): Promise<string[]>
}

/** An account in an emulator of its own. */
export async function openPlace(
  { account, ...form }: Form,
  extra: Partial<typeof everything> = {},
): Promise<OpenPlace> {
  const isFull = extra.IMAGEDROP_EC2_PUBLISHER_PARAMETERS !== undefined
  let ahead = 0
  const own: { -readonly [Key in keyof Account]: Account[Key] } = { ...account }
  const accounts: Account[] = [own, person]
  const startGuest = (instance: InstanceRecord) => tellingGuest(instance)
  const { bench, beside } = await form.setUp({ accounts, startGuest, now: () => new Date(Date.now() - ahead) })
  const disk = await keepDisk(bench.artifacts, 3)
  const connect = (region: string) => ({
    ...connectClients(bench.emulator.url, { region, credentials: person }),
    ssm: new SSM({ region, endpoint: bench.emulator.url, credentials: person, maxAttempts: 1 }),
  })
  const inventories = async () =>
    await Promise.all(regions.map((name) => inventoryOf(connect(name), disk, { ...bench, isFull })))
  return {
    steps: ['upload', 'publish'],
    endings: ['supersede', 'expire'],
    isChange,
    async publisher(via, options = {}) {
      ahead = options.clockAhead ?? 0
      const settings = readEc2PublisherConfig({
        ...standIn.settings(await via(bench.emulator.url, regionOf)),
        ...(await beside?.settings(via)),
        IMAGEDROP_EC2_PUBLISHER_REGIONS: (options.two === true ? regions : regions.slice(0, 1)).join(','),
        IMAGEDROP_EC2_PUBLISHER_POLL_SECONDS: '0.02',
        IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '1.5',
        ...extra,
        ...(options.impatient === true ? { IMAGEDROP_EC2_PUBLISHER_SILENCE_SECONDS: '1' } : {}),
      })
      const cloud = createDirectCloud(settings, account)
      return async (step, registrations, signal) => {
        const event = eventOf(step, disk, registrations)
        const said = await followWaits(
          (woken) => handleOnce({ ...bench, cloud, trials: isFull }, event, { ...woken, signal }),
          options,
        )
        return said.flatMap((one) => ('registrations' in one.body ? one.body.registrations : []))
      }
    },
    async inventory() {
      const all = await inventories()
      const others = (await beside?.leftovers(connect(regions[0] ?? ''))) ?? []
      return {
        ours: all.flatMap(({ ours }) => ours),
        leftovers: [...all.flatMap(({ leftovers }) => leftovers), ...others],
        others: all.flatMap(({ others }) => others),
        ...(isFull ? { named: all.flatMap(({ named }) => named) } : {}),
      }
    },
    async occupy() {
      const region = connect(regions[0] ?? '')
      const { SnapshotId: snapshot } = await region.ebs.startSnapshot({ VolumeSize: 1 })
      await eventually(() => region.ebs.completeSnapshot({ SnapshotId: snapshot, ChangedBlocksCount: 0 }))
      const { body } = tested(disk)
      const mapping = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshot } }
      await eventually(() =>
        region.ec2.registerImage({ Name: amiName(body), RootDeviceName: '/dev/xvda', BlockDeviceMappings: [mapping] }),
      )
      await eventually(async () => {
        const { Images: [image] = [] } = await region.ec2.describeImages({ Owners: ['self'] })
        if (image?.State !== 'available') throw new Error('not yet available')
      })
    },
    async removeOurs() {
      for (const name of regions) {
        const region = connect(name)
        for (const { id } of (await inventoryOf(region, disk, { ...bench, isFull })).ours)
          await region.ec2.deregisterImage({ ImageId: id })
        const { Snapshots: snapshots = [] } = await region.ec2.describeSnapshots({ OwnerIds: ['self'] })
        for (const { SnapshotId: id } of snapshots) await region.ec2.deleteSnapshot({ SnapshotId: id })
      }
    },
    refusals: {
      'its permissions are withdrawn': () => {
        own.denied = changes
        return Promise.resolve(() => Promise.resolve(void (own.denied = [])))
      },
      'its key has expired': () => {
        accounts.shift()
        return Promise.resolve(() => Promise.resolve(void accounts.unshift(own)))
      },
    },
    audits: {
      image: 'ec2.x86_64',
      audit: (drops, how) =>
        bench.cloud.audit(drops, { signal: AbortSignal.timeout(60_000), progress() {}, logFolder: bench.folder }, how),
      hear: (hour, audit) => handleOnce({ ...bench, ...(audit ? { audit } : {}) }, hour),
      async close() {
        const region = connect(regions[0] ?? '')
        const nobody = { Remove: [{ Group: 'all' as const }] }
        for (const { id } of (await inventoryOf(region, disk, { ...bench, isFull })).ours) {
          await region.ec2.modifyImageAttribute({ ImageId: id, LaunchPermission: nobody })
          await eventually(async () => {
            const { Images: [image] = [] } = await region.ec2.describeImages({ ImageIds: [id] })
            if (image?.Public !== false) throw new Error('still public')
          })
        }
      },
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  }
}

const changes = [
  'StartSnapshot',
  'PutSnapshotBlock',
  'CompleteSnapshot',
  'RegisterImage',
  'ImportSnapshot',
  'CancelImportTask',
  'CopyImage',
  'CreateTags',
  'ModifyImageAttribute',
  'EnableImageDeprecation',
  'DeregisterImage',
  'DeleteSnapshot',
  'AttachImageWatermark',
  'RunInstances',
  'TerminateInstances',
  'PutParameter',
  'DeleteParameter',
]

function isChange({ method, path, headers, body }: Call): boolean {
  // EC2 and Parameter Store have one path; others are of EBS direct and of S3.
  if (path !== '/') return method !== 'GET' && method !== 'HEAD'
  const form = new URLSearchParams(body.toString('utf8'))
  // What is asked in JSON says so beside it.
  const action = form.get('Action') ?? String(headers['x-amz-target']).replace(/^.*\./, '')
  return form.get('DryRun') !== 'true' && !/^(Describe|Get|List)/.test(action)
}

/** By what the signature is for. */
function regionOf({ headers }: Pick<Call, 'headers'>): 'first' | 'second' {
  return headers['authorization']?.includes(`/${regions[1] ?? ''}/`) === true ? 'second' : 'first'
}

function eventOf(step: Step, disk: ArtifactRef, registrations: readonly Registration[]) {
  const event = tested(disk)
  if (step === 'upload') return event
  if (step === 'publish') return blessed(registrations)
  return (step === 'expire' ? expired : superseded)(registrations, event.body.drop)
}

/** What the emulator takes only after a moment. */
async function eventually(act: () => Promise<unknown>): Promise<void> {
  for (let left = 100; ; left -= 1) {
    try {
      await act()
      return
    } catch (error) {
      if (left === 0) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}
