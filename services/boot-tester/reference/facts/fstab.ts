import type { Facts } from '#image/description.ts'
import type { Tree } from '#image/tree.ts'
import { linesOf } from '../../disk/below.ts'

/** What is mounted where, how, and by which kind of name. */
export async function fstabFacts(tree: Tree): Promise<Facts> {
  const lines = (await linesOf(tree, '/etc/fstab')).map((line) => line.split(/\s+/))
  return new Map(
    lines.map(([device = '', place = '', kind = '', options = '', , pass = '0']) => [
      place === 'none' ? kind : place,
      { by: /^(\w+)=/.exec(device)?.[1] ?? device, kind, options, pass },
    ]),
  )
}
