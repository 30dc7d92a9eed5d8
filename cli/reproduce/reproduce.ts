import type { ArtifactStore } from '#artifacts/store.ts'
import { messageOf } from '#service/errors.ts'
import type { Again } from './build-again.ts'
import { compareDisks } from './compare-disks.ts'
import { comparePackages } from './compare-packages.ts'
import type { Original } from './original.ts'

/** One thing that decides an image, or the image itself, then and now. `null`: it is not known any more. */
export interface Likeness {
  readonly what: 'recipe' | 'engine' | 'packages' | 'disk'
  readonly same: boolean | null
  readonly detail: string
}

/** Compares an image with what came of building it again; the disk last. */
export async function compareBuilds(
  original: Original,
  { built, artifacts }: Again,
  kept: ArtifactStore,
): Promise<Likeness[]> {
  const then = `${original.engine.name} ${original.engine.version}`
  const now = `${built.engine.name} ${built.engine.version}`
  return [
    original.recipe === null
      ? { what: 'recipe', same: null, detail: 'which it was is not known any more' }
      : alike('recipe', original.recipe, built.recipe ?? ''),
    alike('engine', then, now),
    await packagesOf(original, { built, artifacts }, kept),
    await disksOf(original, { built, artifacts }, kept),
  ]
}

function alike(what: Likeness['what'], then: string, now: string): Likeness {
  return { what, same: then === now, detail: then === now ? now : `${then} then, ${now} now` }
}

async function packagesOf(original: Original, { built, artifacts }: Again, kept: ArtifactStore): Promise<Likeness> {
  if (original.packages.sha256 === built.packages.sha256)
    return { what: 'packages', same: true, detail: 'the same list' }
  try {
    const then = await kept.open(original.packages)
    const { gone, come } = await comparePackages(then, await artifacts.open(built.packages))
    const same = gone.length === 0 && come.length === 0
    const detail = [...gone.map((one) => `- ${one}`), ...come.map((one) => `+ ${one}`)].join('\n')
    return { what: 'packages', same, detail: same ? 'the same packages, listed in another way' : detail }
  } catch (error) {
    return { what: 'packages', same: false, detail: `the lists differ, and how cannot be said: ${messageOf(error)}` }
  }
}

async function disksOf({ disk }: Original, { built, artifacts }: Again, kept: ArtifactStore): Promise<Likeness> {
  const { sha256 } = built.disk
  if (disk.sha256 === sha256) return { what: 'disk', same: true, detail: `bit by bit, SHA-256 ${sha256}` }
  const digests = `SHA-256 ${disk.sha256} then, ${sha256} now`
  try {
    const { uri, size, format } = disk
    if (uri === undefined || size === undefined || format === undefined) throw new Error('it was not kept')
    const then = await kept.open({ uri, size, format, sha256: disk.sha256 })
    const found = await compareDisks(then, await artifacts.open(built.disk))
    const where = `first at byte ${String(found?.offset)}, in ${String(found?.blocks)} of ${String(found?.of)} blocks of 4 KiB`
    return { what: 'disk', same: false, detail: `${where}; ${digests}` }
  } catch (error) {
    return { what: 'disk', same: false, detail: `${digests}; where cannot be said: ${messageOf(error)}` }
  }
}
