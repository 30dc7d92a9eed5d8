import { join } from 'node:path'
import type { EngineDeclaration, EngineHost } from '../engine.ts'
import { assertRoot, buildByTool, onceOnThisHost } from '../installer/build.ts'
import { describeErrors } from '../installer/classify.ts'
import { releaseLeftovers } from '../installer/leftovers.ts'
import { toolVersion } from '../installer/version.ts'
import { needsOfRoot } from '../needs.ts'
import { collectDisk } from '../verify.ts'
import { readLivemediaConfig } from './config.ts'
import { planLivemedia } from './plan.ts'
import { removeStalePid } from './stale-pid.ts'
import { livemediaMeanings, livemediaWords } from './words.ts'

export const engine: EngineDeclaration = { open: createLivemediaEngine }

/** Fedora's contingency for Koji: livemedia-creator, which has Anaconda install into a disk. Needs root. */
export function createLivemediaEngine({ env, deadline, idleDeadline }: EngineHost) {
  const config = readLivemediaConfig(env)
  return {
    id: 'livemedia',
    usesPackages: true,
    needs: needsOfRoot,
    version: () => toolVersion('livemedia-creator', ['-V'], /(\d+\.\S+)/),
    plan: (request, folders) => planLivemedia(request, folders, { config, deadline }),
    async run(plan, context) {
      assertRoot('livemedia-creator')
      const { work } = context.folders
      const options = {
        limits: { deadline, idleDeadline },
        words: livemediaWords,
        // In a virtual machine the installer speaks to this file only.
        follow: config.iso === undefined ? undefined : join(work, 'logs', 'virt-install.log'),
        release: async () => {
          if (config.iso === undefined) await removeStalePid('/run/anaconda.pid')
          await releaseLeftovers(work)
        },
      }
      const build = () => buildByTool(plan, context, options)
      // Without a machine of its own, Anaconda writes to /mnt/sysimage, /tmp and /run of this host.
      if (config.iso === undefined) await onceOnThisHost('anaconda', context, '/run/imagedrop', build)
      else await build()
      return undefined
    },
    collect: collectDisk,
    abandon: (_, { folders }) => releaseLeftovers(folders.work),
    ...describeErrors(livemediaMeanings),
  } satisfies ReturnType<EngineDeclaration['open']>
}
