import { readFile } from 'node:fs/promises'
import type { Publishing } from '#service/step.ts'
import type { Downloads } from '../downloads/settings.ts'
import type { Signing } from '../signing/signer.ts'

/** Who makes drops, as provenance and bills of materials say it. */
export interface Maker {
  /** URI of the builder in the sense of SLSA: whoever runs this imagedrop and vouches for it. */
  readonly id: string
  /** Of imagedrop. */
  readonly version: string
}

/** What evidence tells besides the images: who made them, where they are registered, how they are signed. */
export interface Setting extends Signing {
  readonly maker: Maker
  /** Where images are registered besides, by target, for those who read how to start one. */
  readonly publishings: ReadonlyMap<string, Publishing>
  /** How images can be fetched from many mirrors at once; null for by their address alone. */
  readonly downloads: Downloads | null
}

/** This imagedrop, run by whoever the URI names. */
export async function describeMaker(id: string): Promise<Maker> {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  return { id, version: (JSON.parse(text) as { version: string }).version }
}
