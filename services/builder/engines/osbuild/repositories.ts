import type { Architecture } from '#events/vocabulary.ts'
import { fedoraKeys, type PackageSources } from '../../packages/sources.ts'

/**
 * The repositories of a release, as image-builder reads them from a folder: always with keys, which `--force-repo` would
 * not check. Null leaves the choice to image-builder, which knows Fedora's mirrors and keys.
 */
export function writeRepositories(
  sources: PackageSources,
  { architecture, release }: { readonly architecture: Architecture; readonly release: string },
): string | null {
  const addresses = addressesOf(sources, architecture, release)
  if (addresses === null) return null
  const keys = (sources.kind === 'dnf' ? sources.keys : undefined) ?? fedoraKeys
  const repositories = addresses.map((baseurl, index) => ({
    name: `compose-${String(index + 1)}`,
    baseurl,
    gpgkeys: [keys],
    check_gpg: true,
  }))
  return `${JSON.stringify({ [architecture]: repositories }, null, 2)}\n`
}

function addressesOf(sources: PackageSources, architecture: Architecture, release: string): readonly string[] | null {
  if (sources.kind === 'dnf') return sources.repositories
  if (sources.kind === 'apt') throw new Error('image-builder installs no packages of Debian')
  if (sources.mirror === null) return null
  const mirror = `${sources.mirror.replace(/\/+$/, '')}/linux`
  return [
    `${mirror}/releases/${release}/Everything/${architecture}/os`,
    `${mirror}/updates/${release}/Everything/${architecture}`,
  ]
}
