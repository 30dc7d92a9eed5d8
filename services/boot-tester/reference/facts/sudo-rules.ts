import type { Facts } from '#image/description.ts'
import type { Tree } from '#image/tree.ts'
import { below, linesOf } from '../../disk/below.ts'

/** Every rule and setting of sudo, with the file that it is in. */
export async function sudoFacts(tree: Tree): Promise<Facts> {
  const files = ['/etc/sudoers', ...below(tree, '/etc/sudoers.d').map(({ path }) => path)]
  const facts = new Map<string, { readonly in: string }>()
  for (const path of files) {
    const lines = (await linesOf(tree, path)).filter((line) => !line.startsWith('@include'))
    for (const line of lines) facts.set(line.replaceAll(/\s+/g, ' '), { in: path })
  }
  return facts
}
