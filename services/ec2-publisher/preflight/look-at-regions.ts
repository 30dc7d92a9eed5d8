import type { Finding } from '#service/host-check.ts'
import { messageOf } from '#service/errors.ts'
import { byPartition } from '../aws/partitions.ts'
import { findClosed } from '../aws/regions.ts'
import { settleAtOnce } from '../cloud/at-once.ts'
import { createConnections } from '../cloud/connections.ts'
import { readEc2PublisherConfig } from '../config.ts'
import { findObstacles } from './find-obstacles.ts'

/** How long an AWS that is busy or far is asked, in seconds. */
const patienceSeconds = 5

/** Says of all configured regions what would be refused there. Credentials are those of this process. */
export async function describeObstacles(env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  const settings = { ...readEc2PublisherConfig(env), patienceSeconds }
  const { connect, within } = createConnections(settings)
  const { signal } = new AbortController()
  const names = [...settings.regions, ...settings.bestEffortRegions]
  const closed = await findClosed(names, (name) => connect(name, signal))
  const homes = (await byPartition(names)).map(({ home }) => home)
  const open = names.filter((name) => closed.every(({ place }) => place !== name))
  const looks = await settleAtOnce(open, settings.copies, (name) =>
    within(name, 'looking', signal, (region) =>
      findObstacles(region, { sends: homes.includes(name), images: 1 }, settings),
    ),
  )
  const obstacles = [
    ...closed.map(({ error }) => messageOf(error)),
    ...looks.flatMap((look) => (look.status === 'rejected' ? [messageOf(look.reason)] : look.value)),
  ]
  if (obstacles.length > 0) return { missing: obstacles.join('; ') }
  return { found: `${names.join(', ')}: images can be uploaded and made public` }
}
