import { posix } from 'node:path'
import type { Facts } from '#image/description.ts'
import type { Tree } from '#image/tree.ts'
import { linesOf } from '../../disk/below.ts'

/** The folders of sysctl.d(5): a file hides those of its name in the folders after its own. */
const folders = ['/etc/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d']

/** The settings of the kernel that the system makes at boot. */
export async function sysctlFacts(tree: Tree): Promise<Facts> {
  const files = new Map(
    folders
      .toReversed()
      .flatMap((folder) => tree.names(folder).map((name) => [name, posix.join(folder, name)] as const)),
  )
  const values = new Map<string, { readonly value: string }>()
  const inOrder = [...files].filter(([name]) => name.endsWith('.conf')).toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [, path] of inOrder) {
    for (const line of await linesOf(tree, path)) {
      // `-`: what the kernel does not know is no error.
      const [, name, value] = /^-?([^=;\s]+)\s*=\s*(.*)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) values.set(name.replaceAll('/', '.'), { value })
    }
  }
  return values
}
