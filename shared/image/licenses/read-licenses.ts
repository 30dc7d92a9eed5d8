import { withImage, type ImageReading } from '../open-image.ts'
import { rpmLicenses } from '../facts/rpm.ts'
import type { Tree } from '../tree.ts'
import { readCopyright, type DeclaredLicense } from './debian-copyright.ts'

/** What the packages of an image say of their licences, by `name:architecture`; rpm's is not always in SPDX's words. */
export type Licenses = ReadonlyMap<string, DeclaredLicense>

/** Reads from a disk what rpm knows of its packages' licences, and Debian's copyright files. */
export async function readLicenses(path: string, reading: ImageReading): Promise<Licenses> {
  return await withImage(path, reading, async ({ tree, options }) => {
    const ofRpm = [...(await rpmLicenses(tree, options))].map(
      ([key, expression]) => [key, { expression, texts: [] }] as const,
    )
    return new Map<string, DeclaredLicense>([...(await debianLicenses(tree)), ...ofRpm])
  })
}

async function debianLicenses(tree: Tree): Promise<Map<string, DeclaredLicense>> {
  const found = new Map<string, DeclaredLicense>()
  const status = (await tree.text('/var/lib/dpkg/status')) ?? ''
  for (const stanza of status.split(/\n\n+/)) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1]
    const name = field('Package')
    if (name === undefined) continue
    // Packages of one source share a folder by a link.
    const file = tree.find(`/usr/share/doc/${name}/copyright`)
    const text = file && (await tree.text(file.path))
    if (text) found.set(`${name}:${field('Architecture') ?? ''}`, readCopyright(text, file.path))
  }
  return found
}
