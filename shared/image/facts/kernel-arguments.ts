import { posix } from 'node:path'
import type { Facts } from '../description.ts'
import type { Tree } from '../tree.ts'

/** What stands for the identity of the image's own root, which is another in each image. */
const ownRoot = 'of its own root file system'

/**
 * The arguments that the boot loader's default entry gives to the kernel, each by its name; what is given more than once is in
 * order. Read from where boot loaders keep them: entries of the Boot Loader Specification, GRUB, extlinux, or the one list.
 */
export async function readKernelArguments(
  tree: Tree,
  root: { readonly uuid: string; readonly label: string },
): Promise<Facts> {
  const line =
    (await fromEntries(tree)) ?? (await fromGrub(tree)) ?? (await fromExtlinux(tree)) ?? (await fromList(tree)) ?? ''
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

async function fromEntries(tree: Tree): Promise<string | null> {
  const folders = ['/boot/loader/entries', '/efi/loader/entries', '/boot/efi/loader/entries']
  for (const folder of folders) {
    // The newest kernel is the default, and has the greatest name.
    const newest = tree.names(folder).findLast((name) => name.endsWith('.conf'))
    const text = newest === undefined ? null : await tree.text(posix.join(folder, newest))
    const options = [...(text ?? '').matchAll(/^options\s+(.*)$/gm)].map(([, line]) => line)
    if (options.length > 0) return options.join(' ')
  }
  return null
}

async function fromGrub(tree: Tree): Promise<string | null> {
  for (const folder of ['/boot/grub', '/boot/grub2']) {
    const text = await tree.text(`${folder}/grub.cfg`)
    if (text === null) continue
    const custom = (await tree.text(`${folder}/custom.cfg`)) ?? ''
    const found = firstKernel(text.replace(/^.*\bsource\s+\S*custom\.cfg.*$/m, () => custom))
    if (found !== null) return found
  }
  return null
}

/** The arguments of the first kernel that GRUB's script names, with the variables that it has set until then. */
function firstKernel(script: string): string | null {
  const variables = new Map<string, string>()
  const expand = (text: string) =>
    text.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => variables.get(name) ?? whole)
  for (const line of script.split('\n')) {
    const [, name, value = ''] = /^\s*set\s+(\w+)=(.*?)\s*$/.exec(line) ?? []
    if (name !== undefined) variables.set(name, expand(unquoted(value)))
    const [, given] = /^\s*linux(?:16|efi)?\s+\S+\s*(.*?)\s*$/.exec(line) ?? []
    if (given !== undefined) return expand(given)
  }
  return null
}

function unquoted(value: string): string {
  return /^(["']).*\1$/s.test(value) ? value.slice(1, -1) : value
}

async function fromExtlinux(tree: Tree): Promise<string | null> {
  for (const path of ['/boot/extlinux/extlinux.conf', '/boot/syslinux/syslinux.cfg']) {
    const found = /^\s*append\s+(.*)$/im.exec((await tree.text(path)) ?? '')?.[1]
    if (found !== undefined) return found
  }
  return null
}

async function fromList(tree: Tree): Promise<string | null> {
  return (await tree.text('/etc/kernel/cmdline')) ?? (await tree.text('/usr/lib/kernel/cmdline'))
}
