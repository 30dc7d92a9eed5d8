import type { Finding } from '#service/host-check.ts'
import { messageOf } from '#service/errors.ts'
import { createConnections } from '../regions/connections.ts'
import { readEc2PublisherConfig } from '../config.ts'
import { assertNoObstacles } from './assert-no-obstacles.ts'
import { findUnusable } from './find-unusable.ts'

/** How long an AWS that is busy or far is asked, in seconds. */
const patienceSeconds = 5

/** Says of all configured regions what would be refused there. Credentials are those of this process. */
export async function describeObstacles(env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  const settings = { ...readEc2PublisherConfig(env), patienceSeconds }
  const names = [...settings.regions, ...settings.bestEffortRegions]
  const unusable = await findUnusable(
    createConnections(settings),
    names,
    new AbortController().signal,
    (region, sends) => assertNoObstacles(region, { sends, images: 1 }, settings),
  )
  if (unusable.length > 0) return { missing: unusable.map(({ error }) => messageOf(error)).join('; ') }
  return { found: `${names.join(', ')}: images can be uploaded and made public` }
}
