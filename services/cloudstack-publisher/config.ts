import { z } from 'zod'
import { auditSettings } from '#publishing/audit-policy.ts'
import { listSetting, readConfig } from '#service/config.ts'

/** `name/zone`, `name/zone=private`: a section of cloudstack.ini and a zone of that cloud. */
const cloudPattern = /^(?<place>(?<name>[^/=,\s]+)\/(?<zone>[^/=,\s]+))(?:=(?<visibility>public|featured|private))?$/

/** Who sees a template once it is open. `featured` is public and shown first, which takes an administrator. */
export type Visibility = 'public' | 'featured' | 'private'

/** One zone that templates are registered in. */
export interface WantedZone {
  /** How registrations name it: `name/zone`. */
  readonly place: string
  /** Section of cloudstack.ini. */
  readonly name: string
  readonly zone: string
  readonly visibility: Visibility
}

/** Settings of the cloudstack-publisher, from `IMAGEDROP_CLOUDSTACK_PUBLISHER_*`; README.md has the table. */
export function readCloudstackPublisherConfig(env: Readonly<Record<string, string | undefined>>) {
  const { clouds, ...settings } = readConfig(
    'CLOUDSTACK_PUBLISHER',
    {
      clouds: listSetting(cloudPattern, 'a cloud is written as name/zone or name/zone=private'),
      visibility: z.enum(['public', 'featured', 'private']).default('public'),
      configFile: z.string().nullable().default(null),
      /** Where the clouds find the root of our mirror. */
      mirrorUrl: z
        .url({ protocol: /^https?$/ })
        .nullable()
        .default(null),
      hypervisor: z.string().min(1).default('KVM'),
      jobs: z.coerce.number().int().min(1).max(16).default(2),
      pollSeconds: z.coerce.number().min(0.001).max(300).default(5),
      patienceSeconds: z.coerce.number().min(0.1).max(86_400).default(300),
      silenceSeconds: z.coerce.number().min(1).max(3_600).default(120),
      /** How often a download is looked at, and how long it may take. */
      lookSeconds: z.coerce.number().min(1).max(3_600).default(30),
      downloadHours: z.coerce.number().min(0.001).max(168).default(12),
      /** Days for which a superseded template is only private. */
      keepDays: z.coerce.number().min(0).max(3_650).default(30),
      ...auditSettings,
    },
    env,
  )
  return { ...settings, clouds: clouds.map((one) => wantedZone(one, settings.visibility)) }
}

export type CloudstackSettings = ReturnType<typeof readCloudstackPublisherConfig>

function wantedZone(text: string, otherwise: Visibility): WantedZone {
  const { place = '', name = '', zone = '', visibility = otherwise } = cloudPattern.exec(text)?.groups ?? {}
  return { place, name, zone, visibility: visibility as Visibility }
}
