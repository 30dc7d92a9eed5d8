import { z } from 'zod'
import { InvalidConfig, readConfig } from '#service/config.ts'

/** Which regions there are, the cloud itself says before the first upload (`aws/regions.ts`); this can be part of a host name. */
const region = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a region is written as us-east-1')

/** Settings of the ec2-publisher, from `IMAGEDROP_EC2_PUBLISHER_*`; README.md has the table. */
export function readEc2PublisherConfig(env: Readonly<Record<string, string | undefined>>) {
  const settings = readConfig(
    'EC2_PUBLISHER',
    {
      regions: z
        .string()
        .default('us-east-1')
        .transform((list) => [...new Set(list.split(',').map((name) => name.trim()))])
        .pipe(z.array(region).min(1)),
      endpoint: z.url().nullable().default(null),
      emulated: z.stringbool().default(false),
      connections: z.coerce.number().int().min(1).max(256).optional(),
      jobs: z.coerce.number().int().min(1).max(16).default(2),
      pollSeconds: z.coerce.number().min(0.001).max(300).default(5),
      patienceSeconds: z.coerce.number().min(0.1).max(86_400).default(900),
      publicSnapshots: z.stringbool().default(false),
      x86BootMode: z.enum(['legacy-bios', 'uefi', 'uefi-preferred']).default('legacy-bios'),
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
  // AWS is far away and needs many; the emulator is near, and each costs it a megabyte.
  const connections = settings.connections ?? (settings.emulated ? 8 : 32)
  return { ...settings, connections }
}

/** How the cloud is reached and how patient we are with it. */
export type Ec2Settings = ReturnType<typeof readEc2PublisherConfig>
