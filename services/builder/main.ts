import { join } from 'node:path'
import { bindService } from '#service/bind.ts'
import { InvalidConfig } from '#service/config.ts'
import { foldersBelow } from '#service/discover.ts'
import type { Assemble } from '#service/host.ts'
import { readBuilderConfig } from './config.ts'
import { findEngines } from './engines/find-engines.ts'
import { readHostMirror } from './packages/host-mirror.ts'
import { builder } from './service.ts'

/** Puts the builder together. */
export const assemble: Assemble = async ({ artifacts, env, stateFolder, roots }) => {
  const { engine, mirror, fedoraKeys, requireSecurity, concurrency, deadlineMinutes, idleMinutes } =
    readBuilderConfig(env)
  const limits = { deadline: deadlineMinutes * 60_000, idleDeadline: idleMinutes * 60_000 }
  const engines = await findEngines(foldersBelow(roots, 'services/builder/engines'), { env, ...limits })
  if (engine !== undefined && !engines.has(engine)) {
    throw new InvalidConfig(`IMAGEDROP_BUILDER_ENGINE: expected ${[...engines.keys()].join(', ')}, got "${engine}"`)
  }
  const dependencies = {
    recipes: foldersBelow(roots, 'services/builder/recipes'),
    engines,
    onlyEngine: engine ?? null,
    artifacts,
    cacheFolder: join(stateFolder, 'builder'),
    packages: { mirror: mirror ?? null, hostMirror: readHostMirror, fetch, keys: fedoraKeys, requireSecurity },
  }
  return {
    service: bindService(builder, dependencies, { concurrency }),
    async close() {
      for (const one of engines.values()) await one.close?.()
    },
  }
}
