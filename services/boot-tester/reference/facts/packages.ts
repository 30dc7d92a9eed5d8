import type { Aspects, Facts } from '#image/description.ts'
import type { Tree } from '#image/tree.ts'
import type { System } from '../../disk/disk.ts'

/**
 * The packages that are installed, by their names: how much a system needs each, and whether somebody asked for it or
 * another package needs it. Versions are not told, for an image is of another day than the reference.
 */
export async function packageFacts({ tree, packages }: System): Promise<Facts> {
  const priorities = await valuesOf(tree, '/var/lib/dpkg/status', 'Priority')
  const automatic = await valuesOf(tree, '/var/lib/apt/extended_states', 'Auto-Installed')
  const installed = [...packages.facts].filter(([, { state }]) => state === undefined)
  return new Map(
    installed.map(([key]): [string, Aspects] => {
      const name = key.replace(/:[^:]*$/, '')
      const priority = priorities.get(name)
      if (priority === undefined) return [withoutVersion(name), {}]
      return [withoutVersion(name), { priority, why: automatic.get(name) === '1' ? 'needed by others' : 'asked for' }]
    }),
  )
}

/** One field of every stanza of a file of dpkg's or apt's, by the name of the package. */
async function valuesOf(tree: Tree, path: string, field: string): Promise<Map<string, string>> {
  const stanzas = ((await tree.text(path)) ?? '').split(/\n\n+/)
  const of = (stanza: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? ''
  return new Map(
    stanzas.map((stanza) => [of(stanza, 'Package'), of(stanza, field)] as const).filter(([, value]) => value !== ''),
  )
}

/** Kernels have their version in the name: `linux-image-6.1.0-50-amd64`. */
function withoutVersion(name: string): string {
  return name.replace(/(?<=^linux-[a-z]+-)\d+(?:\.\d+)+-\d+/, 'VERSION')
}
