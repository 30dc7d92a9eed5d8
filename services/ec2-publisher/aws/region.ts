import { createRequire } from 'node:module'
import type * as EbsSdk from '@aws-sdk/client-ebs'
import type * as Ec2Sdk from '@aws-sdk/client-ec2'
import type * as SsmSdk from '@aws-sdk/client-ssm'
import { makePatient } from '#publishing/patient-client.ts'
import type { Pace } from '#publishing/wait.ts'
import type { Ec2Settings } from '../config.ts'
import { partitionOf } from './partitions.ts'
import { createBlockPutter, openAgents, type SentBlock } from './put-block.ts'
import { askServiceQuota } from './service-quota.ts'

/** One region of the cloud. Every call is tried again while AWS is busy, and ends when the job does. */
export interface Region extends Disposable {
  readonly name: string
  readonly ec2: Ec2Sdk.EC2
  readonly ebs: EbsSdk.EBS
  /** Puts a block into a snapshot: by a request of our own, and through the SDK when that is not taken. */
  readonly putBlock: (block: SentBlock, signal: AbortSignal) => Promise<void>
  /** Parameter Store; loaded when it is first asked for. */
  readonly ssm: () => SsmSdk.SSM
  readonly pace: Pace
  /** A quota of EC2 by its code, as `L-0E3CBAB9`; null where it cannot be learnt. */
  readonly quotaOf: (code: string) => Promise<number | null>
}

/** A key of an account, given where it does not come from the environment. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const require = createRequire(import.meta.url)

interface Connection {
  readonly settings: Ec2Settings
  readonly credentials: Credentials | undefined
  readonly signal: AbortSignal
}

/**
 * Makes the clients of a region, which share nothing with other regions. The SDK is loaded here, on first use: it costs
 * half a second and 90 MB.
 */
export async function connectRegion(name: string, { settings, credentials, signal }: Connection): Promise<Region> {
  // Not by import(), which reads two megabytes of CommonJS twice: first to tell whether they are a module.
  const { EC2 } = require('@aws-sdk/client-ec2') as typeof Ec2Sdk
  const { EBS } = require('@aws-sdk/client-ebs') as typeof EbsSdk
  const profile = settings.profiles[await partitionOf(name)]
  const common = {
    region: name,
    // Tried again below instead, by time and not by number: docs/decisions/0021.
    maxAttempts: 1,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(profile === undefined ? {} : { profile }),
  }
  // Without `throwOnRequestTimeout` the SDK only warns of an answer that does not come, and waits for ever.
  const timeouts = {
    requestTimeout: settings.silenceSeconds * 1000,
    throwOnRequestTimeout: true,
    connectionTimeout: 10_000,
  }
  const ec2 = new EC2({ ...common, requestHandler: timeouts })
  const agents = openAgents(settings.connections)
  const ebs = new EBS({ ...common, requestHandler: { ...timeouts, ...agents } })
  const putAtOnce = createBlockPutter(ebs, { region: name, agents, silence: timeouts.requestTimeout })
  let ssm: SsmSdk.SSM | null = null
  const connectSsm = () => {
    const { SSM } = require('@aws-sdk/client-ssm') as typeof SsmSdk
    return new SSM({ ...common, requestHandler: timeouts })
  }
  const pace = { every: settings.pollSeconds * 1000, patience: settings.patienceSeconds * 1000, signal }
  const patientEbs = makePatient(ebs, pace)
  return {
    name,
    ec2: makePatient(ec2, pace),
    ebs: patientEbs,
    async putBlock(block, signal) {
      if (!(await putAtOnce(block, signal))) await patientEbs.putSnapshotBlock(inputOf(block), { abortSignal: signal })
    },
    ssm: () => (ssm ??= makePatient(connectSsm(), pace)),
    pace,
    quotaOf: async (code) =>
      await askServiceQuota(
        code,
        {
          ...common,
          maxAttempts: 3,
          requestHandler: { ...timeouts, requestTimeout: 10_000, connectionTimeout: 5_000 },
        },
        signal,
      ),
    [Symbol.dispose]() {
      ec2.destroy()
      ebs.destroy()
      ssm?.destroy()
    },
  }
}

function inputOf({ snapshotId, index, bytes, digest }: SentBlock): EbsSdk.PutSnapshotBlockCommandInput {
  return {
    SnapshotId: snapshotId,
    BlockIndex: index,
    BlockData: bytes,
    DataLength: bytes.length,
    Checksum: digest.toString('base64'),
    ChecksumAlgorithm: 'SHA256',
  }
}
