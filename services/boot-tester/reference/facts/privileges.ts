import type { Facts } from '#image/description.ts'
import { describeCapabilities } from '#image/facts/capabilities.ts'
import { readOwners } from '#image/facts/users.ts'
import type { Tree } from '#image/tree.ts'
import { isPrivileged } from '../../disk/is-privileged.ts'

/** Programs that run with the rights of another, by their paths. */
export async function privilegeFacts(tree: Tree): Promise<Facts> {
  const ownerOf = await readOwners(tree)
  const found = [...tree.entries.values()].filter(isPrivileged)
  return new Map(
    found.map((entry) => {
      const capabilities = entry.attributes.get('security.capability')
      const aspects = { mode: entry.mode.toString(8).padStart(4, '0'), owner: ownerOf(entry) }
      return [entry.path, { ...aspects, ...(capabilities && { capabilities: describeCapabilities(capabilities) }) }]
    }),
  )
}
