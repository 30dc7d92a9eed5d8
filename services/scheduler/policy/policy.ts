import { z } from 'zod'
import {
  architecture,
  dropKind,
  engine,
  flavour,
  formatPlan,
  gate,
  target,
  milestone,
  type Milestone,
  type Publisher,
} from '#events/vocabulary.ts'
import { foreignEvents } from '#events/index.ts'
import { section } from '#service/yaml-file.ts'
import { isVersion, isVersionPattern } from './versions.ts'

const releaseName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'expected a release short name')
const versionRule = 'expected a version as Rawhide or 43, or a range as 31-42 or 44-'
const versions = z
  .array(z.union([z.string(), z.int().min(0).transform(String)], versionRule).refine(isVersionPattern, versionRule))
  .min(1)
  .describe('Release versions: a name, a number, or a range as 31-42 or 44-')

const engineRow = section({
  engine: engine.describe('Folder of the build engine'),
  kinds: z.array(dropKind).min(1).optional().describe('Only for drops of these kinds'),
  architectures: z.array(architecture).min(1).optional().describe('Only for these architectures'),
  why: z.string().min(1).describe('Why it stands where it stands, for people'),
})

const weekday = z.enum(['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'])

const distribution = section({
  short: releaseName.describe('Short name of the release in compose ids'),
  versions,
  stream: z.string().min(1).describe('What people call the stream of its nightly composes'),
  recipe: z.string().min(1).describe('Recipe folder of the builder'),
  architectures: z.array(architecture).min(1),
  flavours: z.array(flavour).min(1),
  engines: z.array(engineRow).min(1).describe('Build engines; the next is tried when one cannot'),
  weekly: z.boolean().describe('The newest finished nightly of each week becomes a weekly scratch drop'),
  nightly: z.boolean().describe('Every finished nightly becomes a nightly scratch drop'),
  weekday: weekday.optional().describe('Day on which its weekly drops are due, where it is not that of the cadence'),
  note: z.string().optional().describe('Why it is as it is, for people'),
})
export type Distribution = z.infer<typeof distribution>

const formats = z
  .array(
    formatPlan.refine((plan) => plan.format !== 'qcow2' || plan.compression !== 'zstd' || plan.compat === '1.1', {
      error: 'compression zstd needs compat 1.1',
    }),
  )
  .min(1)
  .describe('Formats that each image is made in')
const place = z.string().regex(/^(https?:\/\/|\/)/, 'expected an http(s) URL or an absolute folder')
const accounts = z.array(z.string().regex(/^\S+$/, 'expected the name of an account; * stands for any letters'))
const keptDays = z
  .union([z.int().min(1), z.literal('forever')], 'expected a number of days, or forever')
  .describe('Days from scheduling to withdrawal, or `forever`')
const kept = z
  .union(
    [z.int().min(1), z.literal('forever'), z.strictObject({ newest: z.int().min(1) })],
    'expected a number of days, or forever, or newest with a number',
  )
  .describe('Days from scheduling to withdrawal, `forever`, or how many of the newest open ones of a release')

const unchanged = z
  .enum(['build', 'skip'])
  .default('build')
  .describe('Whether a drop is made of which nothing has changed since the last one that was published')

/** The drop policy, `deploy/drops.yaml`: what becomes a drop, of what, for whom, and for how long. */
export const policySchema = section({
  distributions: z.array(distribution).min(1).describe('The first row that matches a compose holds'),
  ignored: z
    .array(section({ short: releaseName, versions: versions.optional(), reason: z.string().min(1) }))
    .describe('Releases that are known and get no drop'),
  formats: section({ milestone: formats, weekly: formats, nightly: formats }),
  targets: z.record(flavour, z.array(target).min(1)).describe('Where the images of each flavour are published'),
  gates: section({ milestone: gate, weekly: gate, nightly: gate }).describe('Who blesses a complete drop'),
  preemptible: z
    .array(z.enum(['weekly', 'nightly']))
    .default([])
    .describe('Kinds of drops whose builds, conversions and boot tests end for a milestone that fits nowhere'),
  cadence: section({
    weekday: weekday.describe('Day on which the weekly drops are due'),
    hour: z.int().min(0).max(23).describe('Hour of that day, UTC; expiry is looked at each day in this hour'),
    patienceDays: z.int().min(1).max(6).default(2).describe('So many days after it was due, a drop is overdue'),
  }),
  milestones: z
    .array(
      section({
        short: releaseName,
        version: z.union([z.string(), z.int().min(0).transform(String)]).refine(isVersion, 'expected one version: 44'),
        milestone,
        due: z.iso.date('expected a day as 2026-04-14'),
      }),
    )
    .default([])
    .describe('When the candidates of milestones are due, as the release schedule says'),
  unchanged: section({ weekly: unchanged, nightly: unchanged })
    .default({ weekly: 'build', nightly: 'build' })
    .describe('What becomes of scratch drops of which nothing has changed; milestones are always made'),
  retention: section({
    weekly: kept,
    nightly: kept,
    unblessed: keptDays.describe('Milestone candidates that were never blessed'),
    Alpha: kept,
    Beta: kept,
    Final: kept,
  }),
  allowedLocations: z.array(place).describe('URL prefixes and folders that a compose may lie under'),
  operators: section({
    bus: accounts.describe('Accounts at the broker'),
    ledger: accounts.describe('Accounts at the database, or on this host, of those that can write requests there'),
  })
    .default({ bus: ['imagedrop-operator'], ledger: ['*'] })
    .describe('Who may bless, cancel, retry, supersede, and ask for a drop'),
  trust: z
    .partialRecord(z.enum(foreignEvents.map(({ subject }) => subject)), accounts)
    .default({})
    .describe('By subject, the accounts at the broker whose messages count; everybody, where a subject is not named'),
  recovery: section({
    composes: z.array(place).describe('Places of one compose each, which may be links: `latest-Fedora-Rawhide`'),
    folders: z.array(place).describe('Places that list composes, each in a folder of its name'),
    minutes: z.int().min(1).max(1440).describe('How often they are looked at'),
    days: z.int().min(1).max(60).describe('Older composes of a folder are left alone'),
  })
    .default({ composes: [], folders: [], minutes: 15, days: 7 })
    .describe('Where finished composes are looked for whose message was lost'),
  oldComposes: section({
    rawhide: z.string().describe('Where a Rawhide compose of before Pungi 4 lies; {date} is filled in'),
    branched: z.string().describe('The same for a branched compose; {date} and {branch} are filled in'),
  }),
})
export type PolicyFile = z.infer<typeof policySchema>

/** A publisher, and the milestones whose drops alone it takes; null for all drops. */
export interface TargetPublisher {
  readonly publisher: Publisher
  readonly milestones: readonly Milestone[] | null
}

/** The policy, with the publishers of the targets that it names. */
export interface Policy extends PolicyFile {
  readonly publishers: readonly TargetPublisher[]
}
