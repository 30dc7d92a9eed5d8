import { join } from 'node:path'
import { z } from 'zod'
import { auditSettings } from '#publishing/audit-policy.ts'
import { InvalidConfig, readConfig } from '#service/config.ts'
import { parseMachines } from './trial-machines.ts'

/** Which regions there are, the cloud itself says before the first upload (`aws/regions.ts`); this can be part of a host name. */
const region = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a region is written as us-east-1')

/**
 * Settings of the ec2-publisher, from `IMAGEDROP_EC2_PUBLISHER_*`; README.md has the table. Without a folder for what must
 * outlive the process, it is not remembered what is in snapshots, and each upload sends the whole disk.
 */
export function readEc2PublisherConfig(env: Readonly<Record<string, string | undefined>>, stateFolder?: string) {
  const settings = readConfig(
    'EC2_PUBLISHER',
    {
      regions: z
        .string()
        .default('us-east-1')
        .transform((list) => [...new Set(list.split(',').map((name) => name.trim()))])
        .pipe(z.array(region).min(1)),
      bestEffortRegions: z
        .string()
        .default('')
        .transform((list) => [...new Set(list.split(',').map((name) => name.trim()))].filter((name) => name !== ''))
        .pipe(z.array(region)),
      /** Profiles of AWS's configuration files, by partition. */
      profiles: z
        .string()
        .default('')
        .transform((list, issues) => profilesIn(list, issues)),
      endpoint: z.url().nullable().default(null),
      emulated: z.stringbool().default(false),
      connections: z.coerce.number().int().min(1).max(256).optional(),
      jobs: z.coerce.number().int().min(1).max(16).default(2),
      pollSeconds: z.coerce.number().min(0.001).max(300).default(5),
      /** Copies that are asked for and looked at side by side: more than a partition has regions, as one that waits holds up the next. */
      copies: z.coerce.number().int().min(1).max(100).default(40),
      /** How long copies are waited for before the job is parked. */
      copyPatienceSeconds: z.coerce.number().min(0).max(3_600).default(20),
      bestEffortPatienceSeconds: z.coerce.number().min(0.1).max(86_400).default(60),
      patienceSeconds: z.coerce.number().min(0.1).max(86_400).default(900),
      /** How long a request may go without an answer. */
      silenceSeconds: z.coerce.number().min(1).max(3_600).default(60),
      /** How many images may be public in a region; unsaid, AWS is asked. */
      publicImageQuota: z.coerce.number().int().min(1).optional(),
      witnesses: z
        .string()
        .default('')
        .transform((list, issues) => profilesIn(list, issues)),
      /** AWS deprecates public images two years after they were made, whatever is asked. */
      deprecateDays: z.coerce.number().int().min(0).max(730).default(730),
      protectFinal: z.stringbool().default(true),
      /** A mark on every image, by which people know it for ours; none unless named. */
      watermark: z
        .string()
        .regex(/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/, "a watermark has 3 to 128 letters, digits and ()[]./-'@_")
        .optional(),
      watchHours: z.coerce.number().min(0).max(8_760).default(24),
      ...auditSettings,
      keepDays: z.coerce.number().min(0).max(3_650).default(0),
      hiddenDays: z.coerce.number().min(0).max(3_650).default(0),
      keepLast: z.coerce.number().int().min(0).max(1_000).default(0),
      launchedDays: z.coerce.number().min(0).max(3_650).default(0),
      /** Where parameters name the newest images; none unless said. */
      parameters: z
        .string()
        .regex(/^(\/[a-zA-Z0-9_.-]+)+$/, 'parameters are below a path as /imagedrop')
        .regex(/^\/(?!aws|ssm)/i, 'no path of parameters begins with aws or ssm')
        .optional(),
      /** The machines that private images are started on before anything is said of them; none unless named. */
      trials: z
        .string()
        .default('')
        .transform((list, issues) => parseMachines(list, issues)),
      trialMinutes: z.coerce.number().int().min(3).max(120).default(15),
      trialInstances: z.coerce.number().int().min(1).max(100).default(4),
      trialSubnet: z
        .string()
        .regex(/^subnet-[0-9a-f]+$/, 'a subnet is written as subnet-0123456789abcdef0')
        .optional(),
      /** Buckets by partition: disks are put there for VM Import, instead of being sent to EBS block by block. */
      importBuckets: z
        .string()
        .default('')
        .transform((list, issues) => bucketsIn(list, issues)),
      importRole: z
        .string()
        .regex(/^[\w+=,.@-]{1,64}$/, 'a role is named, as vmimport')
        .default('vmimport'),
      /** S3 takes no parts below 5 MiB but the last. */
      importPartMib: z.coerce.number().int().min(5).max(128).default(16),
      importEndpoint: z.url().nullable().default(null),
      publicSnapshots: z.stringbool().default(false),
      /** Blocks that are read back and compared before an image can become public; 0 for none. */
      sampleBlocks: z.coerce.number().int().min(0).max(100_000).default(16),
      tpm: z.stringbool().default(true),
      /** Unsaid, x86_64 images are registered for what they were tested by. */
      x86BootMode: z.enum(['legacy-bios', 'uefi', 'uefi-preferred']).optional(),
      /** Smallest root volume of an AMI, in GiB, within the bounds of gp3. */
      rootGib: z.coerce.number().int().min(1).max(65_536).default(10),
      rootDevice: z
        .string()
        .regex(/^\/dev\/(xvda|sda1)$/, 'a root device is /dev/xvda or /dev/sda1')
        .default('/dev/xvda'),
    },
    env,
  )
  if (settings.emulated && settings.endpoint === null)
    throw new InvalidConfig('IMAGEDROP_EC2_PUBLISHER_ENDPOINT: the address of the emulator, got nothing')
  if (settings.emulated && settings.importEndpoint === null && Object.keys(settings.importBuckets).length > 0)
    throw new InvalidConfig(
      'IMAGEDROP_EC2_PUBLISHER_IMPORT_ENDPOINT: the address of the S3 server that the emulator reads, got nothing',
    )
  const twice = settings.bestEffortRegions.find((name) => settings.regions.includes(name))
  if (twice !== undefined)
    throw new InvalidConfig(
      `IMAGEDROP_EC2_PUBLISHER_BEST_EFFORT_REGIONS: regions that are not in IMAGEDROP_EC2_PUBLISHER_REGIONS, got ${twice}`,
    )
  // AWS is far away and needs many; the emulator is near, and each costs it a megabyte.
  const connections = settings.connections ?? (settings.emulated ? 8 : 32)
  const folderOf = (name: string) => (stateFolder === undefined ? null : join(stateFolder, 'ec2-publisher', name))
  return { ...settings, connections, blockLists: folderOf('blocks'), codeCache: folderOf('code') }
}

/** `aws-cn=china, aws-us-gov=gov` */
function profilesIn(list: string, issues: z.RefinementCtx): Readonly<Record<string, string>> {
  return byPartitionIn(list, /^(aws[a-z-]*)=([^=\s]+)$/, () => {
    issues.addIssue({ code: 'custom', message: 'profiles are written as aws-cn=NAME' })
  })
}

/** `aws=disks-of-ours` */
function bucketsIn(list: string, issues: z.RefinementCtx): Readonly<Record<string, string>> {
  return byPartitionIn(list, /^(aws[a-z-]*)=([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/, () => {
    issues.addIssue({ code: 'custom', message: 'buckets are written as aws=NAME, names as S3 allows them' })
  })
}

function byPartitionIn(list: string, form: RegExp, refuse: () => void): Readonly<Record<string, string>> {
  const pairs = list
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => form.exec(pair))
  if (pairs.includes(null)) refuse()
  return Object.fromEntries(pairs.map((parts) => [parts?.[1] ?? '', parts?.[2] ?? '']))
}

/** How the cloud is reached and how patient we are with it. */
export type Ec2Settings = ReturnType<typeof readEc2PublisherConfig>
