import type { Architecture, ComposeRef, ImagePlan } from '#events/vocabulary.ts'
import { legalName } from '#publishing/image-name.ts'

/** EC2 allows neither `+` nor `~`, and 128 characters. */
const forbidden = /[^A-Za-z0-9()[\] ./\-'@_]/g
const debianArchitecture: Record<Architecture, string> = { i686: 'i386', x86_64: 'amd64', aarch64: 'arm64' }

interface Named {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: Pick<ImagePlan, 'architecture' | 'flavour'>
}

/**
 * The AMI name of an image: `Fedora-Cloud-Base-AmazonEC2.x86_64-41-1.4`, `debian-12-amd64-20260711-weekly.0`. The
 * same drop and image always give the same name: by it an AMI that was registered before a crash is found again.
 */
export function amiName({ drop, compose, image }: Named): string {
  const kind = /^(weekly|nightly)-/.exec(drop)?.[1] ?? null
  // Another flavour of the same drop is another image: `ec2-minimal` adds `-minimal`.
  const more = image.flavour.replace(/^ec2/, '')
  const name =
    compose.short === 'Fedora'
      ? `Fedora-Cloud-Base-AmazonEC2${more}.${image.architecture}-${compose.version}-${fedoraTail(compose, kind)}`
      : `${compose.short.toLowerCase()}-${compose.version}${more}-${debianArchitecture[image.architecture]}-${tail(compose, kind)}`
  return legalName(name, forbidden)
}

/** Final candidates are named by their number alone: the last of them is the release. */
function fedoraTail(compose: ComposeRef, kind: string | null): string {
  if (kind === null && compose.label !== null) return compose.label.replace(/^RC-(?=\d+\.\d+$)/, '')
  const nightly = compose.type === 'nightly' ? 'n.' : ''
  const dated = `${compose.date}.${nightly}${String(compose.respin)}`
  // The weekly and the nightly drop of one compose are two images.
  return kind === null ? dated : `${kind === 'weekly' ? 'Weekly' : 'Nightly'}-${dated}`
}

function tail(compose: ComposeRef, kind: string | null): string {
  return `${compose.date}-${kind ?? compose.label ?? 'release'}.${String(compose.respin)}`
}
