import { createRequire } from 'node:module'
import type * as EbsSdk from '@aws-sdk/client-ebs'
import type * as Ec2Sdk from '@aws-sdk/client-ec2'
import type * as S3Sdk from '@aws-sdk/client-s3'
import type * as SsmSdk from '@aws-sdk/client-ssm'
import { makePatient } from '#publishing/patient-client.ts'
import type { Pace } from '#publishing/wait.ts'
import type { Ec2Settings } from '../config.ts'
import { whyNoImporter } from './import-role.ts'
import { partitionOf } from './partitions.ts'
import { createBlockPutter, openAgents, type SentBlock } from './put-block.ts'
import { connectS3 } from './s3.ts'
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
  /** S3, where disks are put for VM Import; loaded when it is first asked for. */
  readonly s3: () => S3Sdk.S3
  readonly pace: Pace
  /** A quota of EC2 by its code, as `L-0E3CBAB9`; null where it cannot be learnt. */
  readonly quotaOf: (code: string) => Promise<number | null>
  /** Why VM Import cannot act by a role; null when it can, or that cannot be learnt. */
  readonly whyNoImporter: (role: string) => Promise<string | null>
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
  // For what may as well not be learnt.
  const brief = {
    ...common,
    maxAttempts: 3,
    requestHandler: { ...timeouts, requestTimeout: 10_000, connectionTimeout: 5_000 },
  }
  let ssm: SsmSdk.SSM | null = null
  const connectSsm = () => {
    const { SSM } = require('@aws-sdk/client-ssm') as typeof SsmSdk
    return new SSM({ ...common, requestHandler: timeouts })
  }
  let s3: S3Sdk.S3 | null = null
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
    s3: () => (s3 ??= makePatient(connectS3(common, { settings, silence: timeouts.requestTimeout }), pace)),
    pace,
    quotaOf: async (code) => await askServiceQuota(code, brief, signal),
    whyNoImporter: async (role) => await whyNoImporter(role, brief, signal),
    [Symbol.dispose]() {
      ec2.destroy()
      ebs.destroy()
      ssm?.destroy()
      s3?.destroy()
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
