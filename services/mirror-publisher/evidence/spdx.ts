import { basename } from 'node:path'
import { isSpdx, licenseRefsIn } from '#image/licenses/spdx.ts'
import type { PlannedImage } from '../plan-tree.ts'
import type { DropIdentity } from '../naming/convention.ts'
import { packageUrl } from './package-url.ts'
import type { ListedPackage, PackageList } from './package-list.ts'
import type { Maker } from './maker.ts'

interface Facts {
  readonly identity: DropIdentity
  readonly list: PackageList
  readonly maker: Maker
}

/** What SPDX wants said where nothing is known. */
const unknown = 'NOASSERTION'
const image = 'SPDXRef-Image'
/** What rpm says of a package that is made of nothing, as the keys it trusts. */
const none = '(none)'

/** The bill of materials of one image in SPDX 2.3: the same bytes for the same image. */
export function formatSpdx({ stem, of }: PlannedImage, { identity, list, maker }: Facts): string {
  const { packages } = list
  const { compose } = identity
  const disk = of.evidence?.disk.sha256
  const ids = packages.map((one, index) => `SPDXRef-Package-${String(index + 1)}-${plain(one.name)}`)
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: basename(stem),
    documentNamespace: `https://spdx.org/spdxdocs/${basename(stem)}-${disk ?? of.packages?.sha256 ?? compose.id}`,
    creationInfo: { created: createdAt({ of, compose }), creators: [`Tool: imagedrop-${maker.version}`] },
    documentDescribes: [image],
    packages: [
      {
        SPDXID: image,
        name: basename(stem),
        versionInfo: compose.id,
        ...unlicensed,
        primaryPackagePurpose: 'OPERATING-SYSTEM',
        ...(disk === undefined ? {} : { checksums: [{ algorithm: 'SHA256', checksumValue: disk }] }),
      },
      ...packages.map((one, index) => ({
        SPDXID: ids[index],
        name: one.name,
        versionInfo: one.version,
        ...unlicensed,
        ...licenseOf(one, list),
        ...(one.source === undefined || one.source === none
          ? {}
          : { sourceInfo: `built from the source package ${one.source}` }),
        externalRefs: [
          {
            referenceCategory: 'PACKAGE-MANAGER',
            referenceType: 'purl',
            referenceLocator: packageUrl(one, compose),
          },
        ],
      })),
    ],
    ...extracted(list),
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: image },
      ...ids.map((id) => ({ spdxElementId: image, relationshipType: 'CONTAINS', relatedSpdxElement: id })),
    ],
  }
  return `${JSON.stringify(document, null, 1)}\n`
}

const unlicensed = {
  downloadLocation: unknown,
  filesAnalyzed: false,
  licenseConcluded: unknown,
  licenseDeclared: unknown,
  copyrightText: unknown,
} as const

/** What the package says in SPDX's words is its declared licence; in other words it is repeated as they are. */
function licenseOf({ license }: ListedPackage, { licenseTexts }: PackageList) {
  if (license === undefined) return {}
  const isKnown = licenseRefsIn(license).every((ref) => licenseTexts.some(({ id }) => id === ref))
  return isKnown && isSpdx(license) ? { licenseDeclared: license } : { licenseComments: `its package says: ${license}` }
}

/** The texts that SPDX has no identifier for, by where they are: the image holds them. */
function extracted({ packages, licenseTexts }: PackageList) {
  const used = new Set(packages.flatMap(({ license = '' }) => licenseRefsIn(license)))
  const texts = licenseTexts.filter(({ id }) => used.has(id))
  if (texts.length === 0) return {}
  return {
    hasExtractedLicensingInfos: texts.map(({ id, name, file, sha256 }) => ({
      licenseId: id,
      name: name ?? basename(file),
      extractedText: `${name === null ? 'The text' : `What is called ${JSON.stringify(name)}`} in ${file} of the image; SHA-256 ${sha256}`,
    })),
  }
}

/** SPDX takes whole seconds. Without a known build it is the day of the compose. */
function createdAt({ of, compose }: Pick<PlannedImage, 'of'> & Pick<DropIdentity, 'compose'>): string {
  const time = of.evidence?.builtAt ?? compose.date.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** SPDX ids take letters, digits, dots and hyphens. */
function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.-]/g, '-')
}
