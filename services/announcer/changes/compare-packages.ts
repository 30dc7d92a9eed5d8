import { z } from 'zod'

/** The packages of an image: versions by name. A name may be installed in several (kernels, architectures). */
export type Packages = ReadonlyMap<string, readonly string[]>

export const packageChange = z.object({
  name: z.string(),
  /** Null for a package that is new. */
  before: z.string().nullable(),
  /** Null for a package that is gone. */
  after: z.string().nullable(),
  /** In which images, when it is not in all that were compared. */
  only: z.array(z.string()).nullable(),
})

/** One package that was added, removed or updated, in the images in which that is so. */
export type PackageChange = z.infer<typeof packageChange>

interface Compared {
  readonly image: string
  readonly packages: Packages
  readonly earlier: Packages
}

/** What was added, removed and updated, by name; what is the same in several images is told once. */
export function comparePackages(compared: readonly Compared[]): PackageChange[] {
  const changes = new Map<string, { name: string; before: string | null; after: string | null; images: string[] }>()
  for (const { image, packages, earlier } of compared) {
    for (const name of new Set([...packages.keys(), ...earlier.keys()])) {
      const [before, after] = [versionsOf(earlier, name), versionsOf(packages, name)]
      if (before === after) continue
      const id = JSON.stringify([name, before, after])
      const change = changes.get(id) ?? { name, before, after, images: [] }
      change.images.push(image)
      changes.set(id, change)
    }
  }
  return [...changes.values()]
    .map(({ images, ...change }) => ({ ...change, only: images.length === compared.length ? null : images }))
    .toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)))
}

function versionsOf(packages: Packages, name: string): string | null {
  const versions = packages.get(name)
  return versions === undefined ? null : [...new Set(versions)].toSorted().join(', ')
}

/**
 * Whether a package was brought to a version that Debian gives to updates of a stable release (`+deb12u3`): by its
 * security team or in a point release. No version says which of the two, and a new kernel's says neither.
 */
export function isStableUpdate({ before, after }: Pick<PackageChange, 'before' | 'after'>): boolean {
  return before !== null && after !== null && /[+~]deb\d+u\d+/.test(after)
}
