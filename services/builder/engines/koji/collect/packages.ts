import { z } from 'zod'

/** One package of an image, in the form that the package lists of all engines have. */
export interface ListedPackage {
  readonly type: 'rpm'
  readonly name: string
  readonly version: string
  readonly architecture: string
}

/** Where the packages of an image are told, in the words of who tells them. */
export type PackageList = { readonly from: string; readonly packages: readonly ListedPackage[] }

const rpm = z.object({
  name: z.string(),
  version: z.string(),
  release: z.string(),
  arch: z.string(),
  epoch: z.union([z.int(), z.string()]).nullish(),
})

/** The packages that Koji itself has of an image that is kept. */
export function packagesOfRpms(rpms: readonly unknown[], from: string): PackageList | null {
  const found = z.array(rpm).safeParse(rpms)
  if (!found.success || found.data.length === 0) return null
  const packages = found.data.map(({ name, version, release, arch, epoch }) =>
    listed(name, epoch, version, release, arch),
  )
  return { from, packages: sorted(packages) }
}

/** KIWI's list: `name|epoch|version|release|arch|disturl|license`. */
export function packagesOfKiwi(text: string): PackageList | null {
  const lines = text.split('\n')
  const packages = lines.flatMap((line) => {
    const [name = '', epoch = '', version = '', release = '', architecture = ''] = line.split('|')
    if (name === '' || version === '') return []
    return [listed(name, epoch === '(none)' || epoch === 'None' ? null : epoch, version, release, architecture)]
  })
  return packages.length === 0 ? null : { from: "KIWI's list of packages", packages: sorted(packages) }
}

const spdx = z.object({
  packages: z.array(
    z.object({
      name: z.string(),
      versionInfo: z.string().optional(),
      externalRefs: z.array(z.object({ referenceType: z.string(), referenceLocator: z.string() })).optional(),
    }),
  ),
})

/** The bill of materials of image-builder: RPMs are named by their purl. */
export function packagesOfSpdx(text: string): PackageList | null {
  const found = spdx.safeParse(JSON.parse(text))
  if (!found.success) return null
  const packages = found.data.packages.flatMap(({ name, versionInfo, externalRefs = [] }) => {
    const purl = externalRefs.find(({ referenceType }) => referenceType === 'purl')?.referenceLocator ?? ''
    const match = /^pkg:rpm\/(?:[^/@]+\/)?([^@]+)@([^?]+)(?:\?(.*))?$/.exec(purl)
    if (!match)
      return versionInfo === undefined || purl !== ''
        ? []
        : [{ type: 'rpm' as const, name, version: versionInfo, architecture: '' }]
    const query = new URLSearchParams(match[3] ?? '')
    const epoch = query.get('epoch')
    const version = decodeURIComponent(match[2] ?? '')
    return [
      {
        type: 'rpm' as const,
        name: decodeURIComponent(match[1] ?? ''),
        version: epoch === null || epoch === '0' ? version : `${epoch}:${version}`,
        architecture: query.get('arch') ?? '',
      },
    ]
  })
  return packages.length === 0 ? null : { from: "image-builder's bill of materials", packages: sorted(packages) }
}

function listed(
  name: string,
  epoch: number | string | null | undefined,
  version: string,
  release: string,
  architecture: string,
): ListedPackage {
  const before = epoch === null || epoch === undefined || String(epoch) === '0' ? '' : `${String(epoch)}:`
  return { type: 'rpm', name, version: `${before}${version}-${release}`, architecture }
}

function sorted(packages: readonly ListedPackage[]): ListedPackage[] {
  return packages.toSorted((one, other) =>
    `${one.name} ${one.architecture}` < `${other.name} ${other.architecture}` ? -1 : 1,
  )
}
