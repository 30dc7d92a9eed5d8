import { imageKey } from '#events/vocabulary.ts'
import type { Distribution } from '../policy/policy.ts'
import { Refused } from './refused.ts'

/** Throws Refused unless all that is wanted are images that the policy has for a compose; null stands for all of them. */
export function assertImages(
  wanted: readonly string[] | null,
  compose: string,
  { flavours, architectures }: Distribution,
): void {
  if (wanted === null) return
  const known = flavours.flatMap((flavour) => architectures.map((architecture) => imageKey({ flavour, architecture })))
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length === 0 && wanted.length > 0) return
  const got = unknown.map((name) => JSON.stringify(name)).join(', ') || 'none'
  const why = `expected images of ${compose}, which are ${known.join(', ')}, got ${got}`
  throw new Refused('images', wanted, `images: ${why}`)
}
