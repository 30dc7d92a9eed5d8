import type { BuildRequest } from '../engine.ts'
import { debianArchive, type PackageSources } from '../../packages/sources.ts'
import { readContent } from '../recipe-content.ts'
import { readKiwiPart } from './recipe-part.ts'

const debianKeys = 'file:///usr/share/keyrings/debian-archive-keyring.gpg'

/** Name and version of the image in KIWI's eyes: they make the names of its files. */
export const imageName = 'image'
export const imageVersion = '1.0.0'

/** Archives of files that KIWI unpacks: before it installs packages, and after. */
export const archives = { skeleton: 'skeleton.tar', extra: 'extra.tar' }

/** KIWI's description of an image, in the schema of KIWI 9.24, which later ones convert by themselves. */
export function describeImage({ image, recipe, sources }: BuildRequest): string {
  const content = readContent(recipe, image.flavour, image.architecture)
  const part = readKiwiPart(recipe, image.architecture)
  const removed = new Set(content.removePackages).difference(new Set(part.keep))
  const packages = [...content.packages, ...part.packages].filter((name) => !removed.has(name))
  const kernelArguments = [part.kernelArguments, part.flavours[image.flavour]?.kernelArguments ?? ''].join(' ').trim()
  return `<?xml version="1.0" encoding="utf-8"?>
<image schemaversion="7.4" name="${imageName}">
  <description type="system">
    <author>imagedrop</author>
    <contact>imagedrop</contact>
    <specification>${escape(recipe.title)}</specification>
  </description>
  <preferences>
    <version>${imageVersion}</version>
    <packagemanager>apt</packagemanager>
    <rpm-excludedocs>true</rpm-excludedocs>
    <type image="oem" filesystem="ext4" firmware="bios" initrd_system="none" bootpartition="false" rootfs_label="root" fsmountoptions="${escape(part.mountOptions)}" kernelcmdline="${escape(kernelArguments)}">
      <oemconfig>
        <oem-resize>false</oem-resize>
      </oemconfig>
      <bootloader name="grub2" console="serial" timeout="1"/>
      <size unit="M">${String(part.diskMib)}</size>
    </type>
  </preferences>
${repositories(recipe.release, sources).join('\n')}
  <packages type="image">
${packages.map((name) => `    <package name="${escape(name)}"/>`).join('\n')}
    <archive name="${archives.extra}"/>
  </packages>
  <packages type="bootstrap">
    <package name="base-passwd"/>
    <archive name="${archives.skeleton}"/>
  </packages>
</image>
`
}

function repositories(release: string, sources: PackageSources): string[] {
  const suites =
    sources.kind === 'apt'
      ? sources.suites
      : [
          {
            url: (sources.kind === 'distribution' ? sources.mirror : null) ?? debianArchive,
            suite: release,
          },
        ]
  return suites.map(({ url, suite }, index) =>
    [
      `  <repository type="apt-deb" alias="suite-${String(index + 1)}" distribution="${escape(suite)}" components="main" repository_gpgcheck="true">`,
      `    <source path="${escape(url)}">`,
      `      <signing key="${debianKeys}"/>`,
      `    </source>`,
      `  </repository>`,
    ].join('\n'),
  )
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
