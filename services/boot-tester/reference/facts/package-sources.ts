import type { Facts } from '#image/description.ts'
import type { Tree } from '#image/tree.ts'
import { sourcesOf } from '../../disk/package-sources.ts'

/** From which parts of the archive packages come, and whether their key is named; the mirror is each site's own. */
export async function packageSourceFacts(tree: Tree): Promise<Facts> {
  const sources = await sourcesOf(tree)
  return new Map(
    sources.flatMap(({ offers, key, isUnsigned }) => {
      const signed = isUnsigned ? 'not asked for' : key === null ? 'by any key of the system' : 'by a key that is named'
      return offers.map((offer) => [offer, { signature: signed }] as const)
    }),
  )
}
