import { createHash } from 'node:crypto'
import type { KojiDescription } from './description.ts'

/** A kickstart that goes to the hub before its task. */
export interface Upload {
  readonly folder: string
  readonly name: string
  readonly content: string
}

/** The same kickstart always goes to the same place, so it may be sent as often as need be. */
export function uploadOf({ build }: KojiDescription, flavour: string, content: string): Upload {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 24)
  const kind = build === 'image' ? 'cli-image' : `cli-${build}`
  return { folder: `${kind}/imagedrop.${digest}`, name: `${flavour}.ks`, content }
}
