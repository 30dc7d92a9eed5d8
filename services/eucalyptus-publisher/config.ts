import { z } from 'zod'
import { auditSettings } from '#publishing/audit-policy.ts'
import { listSetting, readConfig } from '#service/config.ts'

/** `name`, `name=private`: a region of euca2ools' files. */
const cloudPattern = /^(?<name>[^=,\s]+?)(?:=(?<visibility>public|private))?$/

/** Who may launch an image once it is open. */
export type Visibility = 'public' | 'private'

/** One cloud that images are published to. */
export interface WantedCloud {
  /** How registrations name it, and the section of euca2ools' files: `[region NAME]`. */
  readonly place: string
  readonly visibility: Visibility
}

/** Settings of the eucalyptus-publisher, from `IMAGEDROP_EUCALYPTUS_PUBLISHER_*`; README.md has the table. */
export function readEucalyptusPublisherConfig(env: Readonly<Record<string, string | undefined>>) {
  const { clouds, ...settings } = readConfig(
    'EUCALYPTUS_PUBLISHER',
    {
      clouds: listSetting(cloudPattern, 'a cloud is written as name or name=private'),
      visibility: z.enum(['public', 'private']).default('public'),
      configFile: z.string().nullable().default(null),
      /** True when the cloud `eucarc` is emulated, which registrations then say. */
      emulated: z
        .enum(['true', 'false'])
        .default('false')
        .transform((word) => word === 'true'),
      /** The bucket that bundles are in; by default one that is named for the account. */
      bucket: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/)
        .nullable()
        .default(null),
      jobs: z.coerce.number().int().min(1).max(16).default(2),
      /** Level of gzip in bundles. */
      compression: z.coerce.number().int().min(1).max(9).default(6),
      pollSeconds: z.coerce.number().min(0.001).max(300).default(5),
      patienceSeconds: z.coerce.number().min(0.1).max(86_400).default(300),
      silenceSeconds: z.coerce.number().min(1).max(3_600).default(120),
      /** Days for which a superseded image is only private. */
      keepDays: z.coerce.number().min(0).max(3_650).default(30),
      ...auditSettings,
    },
    env,
  )
  return { ...settings, clouds: clouds.map((one) => wantedCloud(one, settings.visibility)) }
}

export type EucalyptusSettings = ReturnType<typeof readEucalyptusPublisherConfig>

function wantedCloud(text: string, otherwise: Visibility): WantedCloud {
  const { name = '', visibility = otherwise } = cloudPattern.exec(text)?.groups ?? {}
  return { place: name, visibility: visibility as Visibility }
}
