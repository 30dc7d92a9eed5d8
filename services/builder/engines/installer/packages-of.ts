import { debianArchive, type PackageSources } from '../../packages/sources.ts'
import type { BuildRequest } from '../engine.ts'

/** Fedora's names of architectures in its trees. */
export const treeArchitectures = { i686: 'i386', x86_64: 'x86_64', aarch64: 'aarch64' } as const

/** The package repositories of an image, the installation tree first: the compose's own, else the distribution's. */
export function repositoriesOf({ recipe, image, sources }: BuildRequest): [string, ...string[]] {
  if (sources.kind === 'dnf' && sources.repositories[0] !== undefined) {
    return [sources.repositories[0], ...sources.repositories.slice(1)]
  }
  const root = mirrorOf(sources) ?? 'https://dl.fedoraproject.org/pub/fedora/linux'
  const release = recipe.release === 'rawhide' ? 'development/rawhide' : `releases/${recipe.release}`
  return [`${root}/${release}/Everything/${treeArchitectures[image.architecture]}/os`]
}

/** Debian's archive for an image. */
export function archiveOf({ sources }: BuildRequest): string {
  const suite = sources.kind === 'apt' ? sources.suites[0]?.url : undefined
  return (suite ?? mirrorOf(sources) ?? debianArchive).replace(/\/+$/, '')
}

function mirrorOf(sources: PackageSources): string | null {
  return sources.kind === 'distribution' ? (sources.mirror?.replace(/\/+$/, '') ?? null) : null
}
