import { join } from 'node:path'
import { bindService } from '#service/bind.ts'
import { foldersBelow } from '#service/discover.ts'
import type { Assemble } from '#service/host.ts'
import { readBuilderConfig } from './config.ts'
import { engineFor } from './engines/engine-for.ts'
import { readHostMirror } from './packages/host-mirror.ts'
import { builder } from './service.ts'

/** Puts the builder together. */
export const assemble: Assemble = ({ artifacts, env, stateFolder, roots }) => {
  const { engine, mirror, requireSecurity, concurrency, deadlineMinutes, idleMinutes } = readBuilderConfig(env)
  const limits = { deadline: deadlineMinutes * 60_000, idleDeadline: idleMinutes * 60_000 }
  const dependencies = {
    recipes: foldersBelow(roots, 'services/builder/recipes'),
    engine: engineFor(engine, limits),
    artifacts,
    cacheFolder: join(stateFolder, 'builder'),
    packages: { mirror: mirror ?? null, hostMirror: readHostMirror, fetch, requireSecurity },
  }
  return Promise.resolve({ service: bindService(builder, dependencies, { concurrency }) })
}
