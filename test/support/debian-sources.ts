import { pino } from 'pino'
import { exampleCompose } from '#events/examples.ts'
import type { ComposeRef } from '#events/vocabulary.ts'
import { findSources } from '../../services/builder/packages/find-sources.ts'
import { readHostMirror } from '../../services/builder/packages/host-mirror.ts'
import type { PackageSources } from '../../services/builder/packages/sources.ts'
import { readRecipe, recipesFolder } from '../../services/builder/read-recipe.ts'

/** A compose of Debian 12 that says nothing of packages, so that they come from this host's own mirror. */
export const debianCompose: ComposeRef = {
  ...exampleCompose,
  id: 'Debian-12-20260101.0',
  short: 'Debian',
  version: '12',
  date: '20260101',
  location: '/srv/compose',
}

/** Where this host has the packages of Debian 12 from. */
export async function findDebianSources(): Promise<PackageSources> {
  return await findSources(debianCompose, await readRecipe('debian-12', [recipesFolder]), 'x86_64', {
    mirror: null,
    hostMirror: readHostMirror,
    fetch,
    requireSecurity: false,
    log: pino({ level: 'silent' }),
    signal: AbortSignal.timeout(60_000),
  })
}
