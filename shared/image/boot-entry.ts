import { posix } from 'node:path'
import type { Tree } from './tree.ts'

/** What a boot loader starts when nobody chooses. */
export interface BootEntry {
  /** Where the loader's configuration is. */
  readonly from: string
  /** As the loader names them, on the file system that it reads; none where it is said elsewhere. */
  readonly kernel: string | null
  readonly initrds: readonly string[]
  readonly arguments: string
}

/**
 * The default entry, read from where boot loaders keep it: entries of the Boot Loader Specification, GRUB, extlinux, or the one
 * list of arguments. Null when there is none among the files.
 */
export async function readBootEntry(tree: Tree): Promise<BootEntry | null> {
  return (await fromEntries(tree)) ?? (await fromGrub(tree)) ?? (await fromExtlinux(tree)) ?? (await fromList(tree))
}

/** Where the file system may be that a boot loader reads: in the tree, or beside it, for systemd mounts an ESP that fstab does not. */
export function loaderPlaces(tree: Tree): string[] {
  const beside = tree.names('/').filter((name) => /^partition \d+$/.test(name))
  return ['/boot', '/efi', '/boot/efi', ...beside.map((name) => `/${name}`)]
}

async function fromEntries(tree: Tree): Promise<BootEntry | null> {
  for (const folder of loaderPlaces(tree).map((place) => `${place}/loader/entries`)) {
    // The newest kernel is the default, and has the greatest name.
    const newest = tree.names(folder).findLast((name) => name.endsWith('.conf'))
    const from = newest === undefined ? null : posix.join(folder, newest)
    const text = from === null ? null : await tree.text(from)
    if (from === null || text === null || !/^options\s/m.test(text)) continue
    const all = (key: string) =>
      [...text.matchAll(new RegExp(`^${key}[ \\t]+(.*?)[ \\t]*$`, 'gm'))].map(([, value = '']) => value)
    return { from, kernel: all('linux')[0] ?? null, initrds: all('initrd'), arguments: all('options').join(' ') }
  }
  return null
}

async function fromGrub(tree: Tree): Promise<BootEntry | null> {
  for (const folder of ['/boot/grub', '/boot/grub2']) {
    const from = `${folder}/grub.cfg`
    const text = await tree.text(from)
    if (text === null) continue
    const custom = (await tree.text(`${folder}/custom.cfg`)) ?? ''
    const found = firstKernel(text.replace(/^.*\bsource\s+\S*custom\.cfg.*$/m, () => custom))
    if (found !== null) return { from, ...found }
  }
  return null
}

/** The first kernel that GRUB's script names, with the variables that it has set until then. */
function firstKernel(script: string): Omit<BootEntry, 'from'> | null {
  const variables = new Map<string, string>()
  const expand = (text: string) =>
    text.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => variables.get(name) ?? whole)
  const lines = script.split('\n')
  for (const [index, line] of lines.entries()) {
    const [, name, value = ''] = /^\s*set\s+(\w+)=(.*?)\s*$/.exec(line) ?? []
    if (name !== undefined) variables.set(name, expand(unquoted(value)))
    const [, kernel, given = ''] = /^\s*linux(?:16|efi)?\s+(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    if (kernel === undefined) continue
    const rest = lines
      .slice(index + 1)
      .join('\n')
      .replace(/^[ \t]*\}[^]*/m, '')
    const initrds = /^[ \t]*initrd(?:16|efi)?[ \t]+(.*?)[ \t]*$/m.exec(rest)?.[1] ?? ''
    return {
      kernel: expand(kernel),
      initrds: expand(initrds).split(/\s+/).filter(Boolean),
      arguments: expand(given),
    }
  }
  return null
}

function unquoted(value: string): string {
  return /^(["']).*\1$/s.test(value) ? value.slice(1, -1) : value
}

async function fromExtlinux(tree: Tree): Promise<BootEntry | null> {
  for (const from of ['/boot/extlinux/extlinux.conf', '/boot/syslinux/syslinux.cfg']) {
    const text = await tree.text(from)
    const first = (key: string) => new RegExp(`^[ \\t]*${key}[ \\t]+(.*?)[ \\t]*$`, 'im').exec(text ?? '')?.[1]
    const given = first('append')
    if (given === undefined) continue
    const initrds = first('initrd')?.split(',') ?? []
    return { from, kernel: first('(?:kernel|linux)') ?? null, initrds, arguments: given }
  }
  return null
}

async function fromList(tree: Tree): Promise<BootEntry | null> {
  for (const from of ['/etc/kernel/cmdline', '/usr/lib/kernel/cmdline']) {
    const text = await tree.text(from)
    if (text !== null) return { from, kernel: null, initrds: [], arguments: text }
  }
  return null
}
