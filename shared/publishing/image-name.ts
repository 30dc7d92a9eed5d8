import { createHash } from 'node:crypto'
import type { ComposeRef, ImagePlan } from '#events/vocabulary.ts'

interface Named {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: Pick<ImagePlan, 'flavour' | 'architecture'>
}

/** What people see in the list of images: `debian-12-generic-x86_64-20261121-weekly.0`, `fedora-45-generic-x86_64-20260908-Beta-1.2`. */
export function imageName({ drop, compose, image }: Named): string {
  const kind = /^(weekly|nightly)-/.exec(drop)?.[1]
  const tail = kind === undefined ? (compose.label ?? 'release') : `${kind}.${String(compose.respin)}`
  return `${compose.short.toLowerCase()}-${compose.version}-${image.flavour}-${image.architecture}-${compose.date}-${tail}`
}

const longest = 128

/** A name of 128 letters at most, none of those that a cloud forbids: what had to be changed ends with a digest of what it was. */
export function legalName(name: string, forbidden: RegExp): string {
  const legal = name.replaceAll(forbidden, '_')
  if (legal.length <= longest && legal === name) return legal
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 12)
  return `${legal.slice(0, longest - digest.length - 1)}-${digest}`
}
