import { imageKey } from '#events/vocabulary.ts'
import type { Template } from '../api/schemas.ts'
import type { Order } from './order.ts'

const mark = /\(imagedrop (?<drop>\S+) (?<image>\S+) sha256:(?<sha256>[0-9a-f]{64})\)$/

/**
 * What people read beside the name, with the mark by which we know a template for ours: names are free to be taken twice, and
 * tags come only after a template is there.
 */
export function displayText({ drop, compose, image, file }: Order): string {
  const { short, version } = compose
  return `${short} ${version} ${image.flavour} ${image.architecture} (imagedrop ${drop} ${imageKey(image)} sha256:${file.sha256})`
}

/** What a template is of; null when it is not ours. */
export function marked({
  displaytext,
}: Pick<Template, 'displaytext'>): { drop: string; image: string; sha256: string } | null {
  const { drop = '', image = '', sha256 = '' } = mark.exec(displaytext)?.groups ?? {}
  return drop === '' ? null : { drop, image, sha256 }
}
