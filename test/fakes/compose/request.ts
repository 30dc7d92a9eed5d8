import { pino } from 'pino'
import { exampleCompose, exampleImage } from '#events/examples.ts'
import type { BuildRequest } from '../../../services/builder/engines/engine.ts'
import { findSources } from '../../../services/builder/packages/find-sources.ts'
import { readRecipe, recipesFolder } from '../../../services/builder/read-recipe.ts'
import { keyFile, type TestCompose } from './make-compose.ts'
import { release } from './packages.ts'

interface RequestOptions {
  readonly flavour: string
  /** Address of the folder of the compose. */
  readonly url: string
  /** Address of the folder that the key is in; the compose's own, when nothing else is said. */
  readonly keysFrom?: string
}

/** A request for an image of the compose, as the builder makes it. */
export async function requestOf(
  { id, date }: TestCompose,
  { flavour, url, keysFrom = url }: RequestOptions,
): Promise<BuildRequest> {
  const compose = { ...exampleCompose, id, version: release, date, location: `${url}/compose` }
  const recipe = await readRecipe(`fedora-${release}`, [recipesFolder])
  const sources = await findSources(compose, recipe, 'x86_64', {
    mirror: null,
    hostMirror: () => Promise.resolve(null),
    fetch,
    keys: `${keysFrom}/${keyFile}`,
    requireSecurity: false,
    log: pino({ level: 'silent' }),
    signal: AbortSignal.timeout(60_000),
  })
  return { drop: `nightly-${id}`, compose, image: { ...exampleImage, flavour, recipe: recipe.name }, recipe, sources }
}
