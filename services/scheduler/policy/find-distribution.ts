import type { Distribution, Policy } from './policy.ts'
import { matchesVersion } from './versions.ts'

/** The policy's row for a release: the first that matches. */
export function findDistribution(
  release: { readonly short: string; readonly version: string },
  { distributions }: Policy,
): Distribution | undefined {
  return distributions.find(
    ({ short, versions }) => short === release.short && versions.some((one) => matchesVersion(one, release.version)),
  )
}
