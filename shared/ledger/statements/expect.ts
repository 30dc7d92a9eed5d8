import type { Kysely } from 'kysely'
import type { DatabaseKind } from '../database-kind.ts'
import type { Delivery } from '../delivery.ts'
import { imageOf } from '../image-of.ts'
import type { Tables } from '../schema.ts'

/** What is expected of a job, in milliseconds. */
export interface Expected {
  /** How long it takes; null when its service has not done such a job yet. */
  readonly own: number | null
  /** How long the longest way is that its image has to go from here on. */
  readonly path: number
}

/** Longer than any: what was never made goes first, for nobody knows how long it takes. */
const unknownPath = 2 ** 40

/**
 * What is expected of jobs, by what the last ones for the same flavour and architecture took, of this service and of those that come
 * after it. Of deliveries without paths nothing is asked.
 */
export async function expectTimes(
  db: Kysely<Tables>,
  kind: DatabaseKind,
  deliveries: readonly Delivery[],
): Promise<Map<Delivery, Expected>> {
  const ofImages = deliveries.flatMap((delivery) => {
    const { paths = [], envelope } = delivery
    const image = imageOf(envelope.body)
    return image === null || paths.length === 0 ? [] : [{ delivery, paths, image }]
  })
  if (ofImages.length === 0) return new Map()
  const services = [...new Set(ofImages.flatMap(({ paths }) => paths.flat()))]
  const images = [...new Set(ofImages.map(({ image }) => image))]
  const { rows } = await kind.pastTimes(services, images).execute(db)
  const known = new Map(rows.map(({ service, image, took }) => [`${service} ${image}`, took]))
  return basesFirst(
    ofImages.map(({ delivery, paths, image }) => {
      const timeOf = (service = '') => known.get(`${service} ${image}`) ?? null
      return [delivery, { own: rounded(timeOf(paths[0]?.[0])), path: longest(paths, timeOf) }]
    }),
  )
}

/** Of those that use what the first of them makes, the one with the longest way makes it: as many as can are made side by side. */
function basesFirst(all: readonly (readonly [Delivery, Expected])[]): Map<Delivery, Expected> {
  const first = new Map<string, readonly [Delivery, Expected]>()
  for (const one of all) {
    const { basis = null, envelope } = one[0]
    if (basis === null) continue
    const key = `${envelope.drop ?? ''} ${basis}`
    if (one[1].path > (first.get(key)?.[1].path ?? -1)) first.set(key, one)
  }
  const isFirst = new Set(first.values().map(([delivery]) => delivery))
  return new Map(
    all.map(([delivery, { own, path }]) => [
      delivery,
      { own, path: isFirst.has(delivery) ? unknownPath + path : path },
    ]),
  )
}

function longest(paths: readonly (readonly string[])[], timeOf: (service: string) => number | null): number {
  const isKnown = paths.flat().some((service) => timeOf(service) !== null)
  if (!isKnown) return unknownPath
  const lengths = paths.map((path) => path.reduce((sum, service) => sum + (timeOf(service) ?? 0), 0))
  return Math.round(Math.max(...lengths))
}

function rounded(time: number | null): number | null {
  return time === null ? null : Math.round(time)
}
