import type { ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import type { Wrong } from './audit-place.ts'

/** How an image is not as its drop claims. */
export interface Flaw extends Pick<Wrong, 'kind' | 'found' | 'mend'> {
  /** Goes on after its name: `is not public`. */
  readonly says: string
}

interface Claims {
  readonly place: string
  /** How open the images of public drops should be there. */
  readonly expected: string
  /** What is wrong with one; null when nothing is. */
  readonly look: (registration: ClaimedRegistration, drop: string) => Flaw | null | Promise<Flaw | null>
}

/** What public drops claim of a place, and what is not so. An image that never was public is held to nothing. */
export async function wrongWithClaims(
  drops: readonly ClaimedDrop[],
  { place, expected, look }: Claims,
): Promise<Wrong[]> {
  const wrong: Wrong[] = []
  for (const { drop, registrations } of drops.filter(({ state }) => state === 'public'))
    for (const one of registrations.filter((each) => each.place === place && each.isPublic)) {
      const flaw = await look(one, drop)
      if (flaw === null) continue
      const { says, ...found } = flaw
      const { id, name, image } = one
      wrong.push({ drop, id, image, expected, ...found, what: `${id} (${name}) ${says}` })
    }
  return wrong
}

/** It is not made anew: somebody may have removed it for a reason. `orNot` says of what else that may be: `not ours any more`. */
export function gone(orNot: string): Flaw {
  return { kind: 'gone', found: 'not there', says: `is not there, or ${orNot}`, mend: null }
}

/** It is there, and nobody can start it. */
export function unavailable(found: string): Flaw {
  return { kind: 'unavailable', found, says: `is ${found}`, mend: null }
}

/** Fewer may have it than should: it is opened. */
export function closed(found: string, expected: string, mend: NonNullable<Wrong['mend']>): Flaw {
  return { kind: 'private', found, says: `is ${found}, not ${expected}`, mend }
}
