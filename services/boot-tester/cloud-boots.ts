import { randomBytes } from 'node:crypto'
import { openCloud } from '#openstack/open-cloud.ts'
import { createSend } from '#publishing/http.ts'
import type { BootTest } from './boot-report.ts'
import { createSourceBoot } from './boots/source-boot.ts'
import type { readBootTesterConfig } from './config.ts'
import type { Project } from './machines/openstack/clean.ts'
import { createOpenStack } from './machines/openstack/openstack.ts'
import { novaSourceNamed } from './machines/openstack/sources.ts'
import type { Boot } from './plan/boot-policy.ts'

/** Which cloud of clouds.yaml guests are made in, and as what. */
export interface CloudPlace {
  readonly name: string
  readonly region: string | null
  readonly flavor: string
  /** `none`, `auto`, or the id of a network. */
  readonly network: string
}

interface CloudBootsOptions {
  readonly config: ReturnType<typeof readBootTesterConfig>
  readonly place: CloudPlace
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
}

/** How long a connection to the cloud may be silent. */
const silenceSeconds = 120
/** Between two looks at a guest's console. */
const every = 2_000

/**
 * How each boot is made in a real OpenStack. All are of the short kind: the guest tells on its console what it learnt, and
 * need not be reached.
 */
export function createCloudBoots({ config, place, env, now }: CloudBootsOptions): (boot: Boot) => BootTest {
  const limits = { idle: config.idleSeconds * 1000, total: config.totalSeconds * 1000 }
  const machine = createOpenStack({
    ...place,
    openProject: () => openProject(place, env),
    // The upload comes before, the removal after.
    lifetime: limits.total + 3_600_000,
    every,
    now,
  })
  const newNonce = () => randomBytes(8).toString('hex')
  return ({ hardware, datasource }) =>
    createSourceBoot({ machine, hardware, datasource: novaSourceNamed(datasource), limits, newNonce })
}

async function openProject({ name, region }: CloudPlace, env: CloudBootsOptions['env']): Promise<Project> {
  const place = region === null ? name : `${name}/${region}`
  const session = await openCloud({ place, name, region, cloudsFile: null, env, silenceSeconds, connect: createSend })
  return { nova: { place, session: session('compute') }, glance: { place, session: session('image') } }
}
