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
