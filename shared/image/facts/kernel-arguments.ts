import { readBootEntry } from '../boot-entry.ts'
import type { Facts } from '../description.ts'
import type { Tree } from '../tree.ts'

/** What stands for the identity of the image's own root, which is another in each image. */
const ownRoot = 'of its own root file system'

/**
 * The arguments that the boot loader's default entry gives to the kernel, each by its name; what is given more than once is in
 * order.
 */
export async function readKernelArguments(
  tree: Tree,
  root: { readonly uuid: string; readonly label: string },
): Promise<Facts> {
  const line = (await readBootEntry(tree))?.arguments ?? ''
  const values = new Map<string, string[]>()
  for (const word of line.split(/\s+/).filter(Boolean)) {
    const [, name = word, value = ''] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    values.set(name, [...(values.get(name) ?? []), value])
  }
  return new Map(
    [...values].map(([name, all]) => {
      const named = all.map((value) => nameRoot(value, root))
      return [name, { value: named.join(' ') }]
    }),
  )
}

function nameRoot(value: string, { uuid, label }: { readonly uuid: string; readonly label: string }): string {
  if (value === `UUID=${uuid}`) return `UUID ${ownRoot}`
  return label !== '' && value === `LABEL=${label}` ? `label ${ownRoot}` : value
}
