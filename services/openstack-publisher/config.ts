import { z } from 'zod'
import { auditSettings } from '#publishing/audit-policy.ts'
import { InvalidConfig, listSetting, readConfig } from '#service/config.ts'

/** `name`, `name/region`, `name=community`, `name/region=public`: a cloud of clouds.yaml. */
const cloudPattern =
  /^(?<place>(?<name>[^/=,\s]+)(?:\/(?<region>[^/=,\s]+))?)(?:=(?<visibility>public|community|private))?$/

/** Who sees an image when its drop is blessed. `community`: whoever knows the id, or asks for community images. */
export type Visibility = 'public' | 'community' | 'private'

/** One place that images are published to. */
export interface WantedCloud {
  /** How registrations name it: `name` or `name/region`. */
  readonly place: string
  readonly name: string
  readonly region: string | null
  readonly visibility: Visibility
  /** It fetches images from the open mirror by itself, instead of being sent them. */
  readonly downloads: boolean
}

/** Settings of the openstack-publisher, from `IMAGEDROP_OPENSTACK_PUBLISHER_*`; README.md has the table. */
export function readOpenstackPublisherConfig(env: Readonly<Record<string, string | undefined>>) {
  const { clouds, downloads, ...settings } = readConfig(
    'OPENSTACK_PUBLISHER',
    {
      clouds: listSetting(cloudPattern, 'a cloud is written as name, name/region or name=community'),
      downloads: listSetting(/^[^=,\s]+$/, 'a cloud is written here as name or name/region'),
      /** Where clouds that download find the root of our mirror. */
      mirrorUrl: z
        .url({ protocol: /^https?$/ })
        .nullable()
        .default(null),
      /** How often a download is looked at, and how long it may take. */
      lookSeconds: z.coerce.number().min(1).max(3_600).default(30),
      downloadHours: z.coerce.number().min(0.001).max(168).default(12),
      visibility: z.enum(['public', 'community', 'private']).default('public'),
      cloudsFile: z.string().nullable().default(null),
      jobs: z.coerce.number().int().min(1).max(16).default(2),
      /** MiB of memory that a server needs at least. */
      minRam: z.coerce.number().int().min(0).max(1_048_576).default(512),
      pollSeconds: z.coerce.number().min(0.001).max(300).default(5),
      patienceSeconds: z.coerce.number().min(0.1).max(86_400).default(900),
      silenceSeconds: z.coerce.number().min(1).max(3_600).default(120),
      /** How long an image that an earlier try has made may stand empty before its data is sent again. */
      graceSeconds: z.coerce.number().min(0).max(3_600).default(30),
      /** Days for which a superseded image is only hidden. */
      keepDays: z.coerce.number().min(0).max(3_650).default(30),
      ...auditSettings,
    },
    env,
  )
  const wanted = clouds.map((one) => wantedCloud(one, settings.visibility, downloads))
  const stranger = downloads.find((name) => wanted.every(({ place }) => place !== name))
  if (stranger !== undefined)
    throw new InvalidConfig(
      `IMAGEDROP_OPENSTACK_PUBLISHER_DOWNLOADS: clouds that are in IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS, got ${stranger}`,
    )
  return { ...settings, clouds: wanted }
}

export type OpenstackSettings = ReturnType<typeof readOpenstackPublisherConfig>

function wantedCloud(text: string, otherwise: Visibility, downloads: readonly string[]): WantedCloud {
  const { place = '', name = '', region = null, visibility = otherwise } = cloudPattern.exec(text)?.groups ?? {}
  return { place, name, region, visibility: visibility as Visibility, downloads: downloads.includes(place) }
}
