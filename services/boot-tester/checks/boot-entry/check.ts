import { posix } from 'node:path'
import { loaderPlaces, readBootEntry, type BootEntry } from '#image/boot-entry.ts'
import type { Tree } from '#image/tree.ts'
import type { System } from '../../disk/disk.ts'
import { namesOf, normalName } from '../../disk/volume-names.ts'
import { passedIf, passedIfNone, type DiskCheck, type Judgement } from '../check.ts'

/** What the boot loader starts is there, and finds its root. */
export const bootEntry: DiskCheck = {
  name: 'boot-entry',
  description:
    'the default entry of the boot loader names a kernel and an initrd that are there, and the root of this disk',
  severity: 'error',
  rule: 'UAPI group, Boot Loader Specification, "Type #1"; kernel, admin-guide/kernel-parameters, root=',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async (system) => {
    const entry = await readBootEntry(system.tree)
    if (entry?.kernel == null) return fromEsp(system)
    const { from, kernel, initrds } = entry
    const missing = [kernel, ...initrds].filter((path) => !isThere(system.tree, path))
    return passedIfNone(
      [...missing.map((path) => `${from} names ${path}, which is not there`), ...(await wrongRoot(entry, system))],
      `${from}: ${[kernel, ...initrds].join(', ')}`,
    )
  },
}

/** Kernels that are programs of UEFI, or an ESP that is only listed: there must be some. */
function fromEsp({ esp }: System): Judgement {
  const entries = (esp?.files ?? []).filter((file) => /^\/(loader\/entries\/.*\.conf|EFI\/Linux\/.*\.efi)$/i.test(file))
  return passedIf(
    entries.length > 0,
    entries.length > 0 ? `ESP: ${entries.join(', ')}` : 'no entry of a boot loader was found',
  )
}

function isThere(tree: Tree, path: string): boolean {
  return ['/', ...loaderPlaces(tree)].some((place) => {
    const entry = tree.find(posix.join(place, path))
    return entry?.type === 'file' && entry.size > 0
  })
}

async function wrongRoot({ from, arguments: given }: BootEntry, system: System): Promise<string[]> {
  const named = /(?:^|\s)root=(\S+)/.exec(given)?.[1]
  const volume = system.volumes.find(({ fileSystem }) => fileSystem === system.root)
  // Without the argument, systemd finds the root of a GPT by its type.
  if (named === undefined || volume === undefined) return []
  const names = await namesOf(system, volume)
  return names.includes(normalName(named)) ? [] : [`${from} gives root=${named}, and the root is ${names[0] ?? ''}`]
}
