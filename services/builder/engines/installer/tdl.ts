import { uuidFrom } from '#events/envelope.ts'
import { imageKey, type Architecture } from '#events/vocabulary.ts'
import { answersOf, NotDescribed } from '../../recipe.ts'
import type { BuildRequest } from '../engine.ts'
import { kickstartFor } from './kickstart.ts'
import { archiveOf, repositoriesOf } from './packages-of.ts'

const architectureNames: Record<Architecture, string> = { i686: 'i386', x86_64: 'x86_64', aarch64: 'aarch64' }
const debianNames: Record<Architecture, string> = { i686: 'i386', x86_64: 'amd64', aarch64: 'arm64' }

/** The newest releases that Oz has settings for; it installs later ones by these. */
const newest = { fedora: 30, debian: 9 } as const

const gigabytes = 10

/** What Oz, and ImageFactory on top of it, is told: its template, and the answers for the installer. */
export interface OzOrder {
  /** Of the template and of the virtual machine; of no other image. */
  readonly name: string
  readonly template: string
  readonly answers: { readonly file: string; readonly text: string }
}

/** Orders an image from Oz: the installer of its own distribution, started from its own tree. */
export function ozOrder(request: BuildRequest): OzOrder {
  const { compose, image, recipe } = request
  const name = `imagedrop-${uuidFrom(`${compose.id} ${recipe.name} ${imageKey(image)} oz`)}`
  const { kind } = answersOf(recipe, image, ['kickstart', 'preseed'])
  const tree = kind === 'kickstart' ? repositoriesOf(request)[0] : netbootOf(request)
  const template = `<template version="1.0">
  <name>${name}</name>
  <os>
    <name>${recipe.family === 'fedora' ? 'Fedora' : 'Debian'}</name>
    <version>${String(versionOf(request))}</version>
    <arch>${architectureNames[image.architecture]}</arch>
    <install type="url">
      <url>${escape(tree)}</url>
    </install>
  </os>
  <description>${escape(`${recipe.title}, ${imageKey(image)}, of ${compose.id}`)}</description>
  <disk>
    <size>${String(gigabytes)}</size>
  </disk>
</template>
`
  const answers =
    kind === 'kickstart'
      ? { file: 'image.ks', text: kickstartFor(request, 'tree') }
      : { file: 'preseed.cfg', text: preseedFor(request) }
  return { name, template, answers }
}

/** Debian's preseed with the archive that it installs from. */
function preseedFor(request: BuildRequest): string {
  const { text } = answersOf(request.recipe, request.image, ['preseed'])
  const { host, pathname } = new URL(archiveOf(request))
  return `d-i mirror/country string manual
d-i mirror/http/hostname string ${host}
d-i mirror/http/directory string ${pathname}
d-i mirror/http/proxy string
d-i mirror/suite string ${request.recipe.release}
${text}`
}

function netbootOf(request: BuildRequest): string {
  const { image, recipe } = request
  const installer = `installer-${debianNames[image.architecture]}`
  return `${archiveOf(request)}/dists/${recipe.release}/main/${installer}/current/images/netboot`
}

/** Oz wants a number, and of Debian one that it has heard of. */
function versionOf({ compose, recipe }: BuildRequest): number {
  const { family, release } = recipe
  if (release === 'rawhide') return newest.fedora
  const version = Number.parseInt(family === 'fedora' ? release : compose.version, 10)
  if (!Number.isInteger(version)) throw new NotDescribed(recipe, compose.id, 'version that Oz could be told')
  return family === 'debian' ? Math.min(version, newest.debian) : version
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
