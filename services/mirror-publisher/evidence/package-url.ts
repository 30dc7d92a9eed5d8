import type { ComposeRef } from '#events/vocabulary.ts'
import type { ListedPackage } from './package-list.ts'

/** The package URL (purl) of a package: `pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12`. */
export function packageUrl(
  { name, version, architecture, type }: ListedPackage,
  { short, version: release }: Pick<ComposeRef, 'short' | 'version'>,
): string {
  const distribution = short.toLowerCase()
  const kind = type ?? (distribution === 'debian' ? 'deb' : 'rpm')
  // RPM keeps the epoch apart; Debian's is a part of the version.
  const [, epoch, plain = version] = (kind === 'rpm' ? /^(\d+):(.+)$/.exec(version) : null) ?? []
  const qualifiers = [
    ...(architecture === undefined ? [] : [`arch=${encode(architecture)}`]),
    `distro=${encode(`${distribution}-${release.toLowerCase()}`)}`,
    ...(epoch === undefined || epoch === '0' ? [] : [`epoch=${epoch}`]),
  ]
  return `pkg:${kind}/${encode(distribution)}/${encode(name)}@${encode(plain)}?${qualifiers.join('&')}`
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':')
}
