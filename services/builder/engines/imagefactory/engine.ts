import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { EngineDeclaration, EngineHost } from '../engine.ts'
import { assertRoot, buildByTool } from '../installer/build.ts'
import { describeErrors } from '../installer/classify.ts'
import { destroyDomain } from '../installer/domain.ts'
import { toolVersion } from '../installer/version.ts'
import { needsOfRoot } from '../needs.ts'
import { assertFresh, collectDisk } from '../verify.ts'
import { identifierFile, planImagefactory, shim } from './plan.ts'
import { imagefactoryMeanings, imagefactoryWords } from './words.ts'

export const engine: EngineDeclaration = { open: createImagefactoryEngine }

/** The feature page's own way, without Koji: ImageFactory on this host, which has Oz install. Needs root. */
export function createImagefactoryEngine({ deadline, idleDeadline }: Pick<EngineHost, 'deadline' | 'idleDeadline'>) {
  /** ImageFactory names the machine by what it calls the image, which is known once it has begun. */
  const release = async (work: string) => {
    const identifier = await readFile(identifierFile(work), 'utf8').catch(() => null)
    if (identifier === null || !/^[0-9a-f-]{36}$/.test(identifier)) return
    await destroyDomain('qemu:///system', `factory-build-${identifier}`)
  }
  return {
    id: 'imagefactory',
    usesPackages: true,
    needs: needsOfRoot,
    async version() {
      const found = await toolVersion('python3', [shim, '--version'], /^imagefactory (\S+)/)
      // Python that cannot import it ends badly.
      return found === 'unknown' ? null : found
    },
    plan: (request, folders) => planImagefactory(request, folders, deadline),
    async run(plan, context) {
      assertRoot('ImageFactory')
      const { work } = context.folders
      const options = { limits: { deadline, idleDeadline }, words: imagefactoryWords, release: () => release(work) }
      await buildByTool(plan, context, options)
      return undefined
    },
    async collect(plan, startedAt, signal) {
      await assertFresh(join(dirname(plan.disk), 'guest.xml'), startedAt)
      return await collectDisk(plan, startedAt, signal)
    },
    abandon: (_, { folders }) => release(folders.work),
    ...describeErrors(imagefactoryMeanings),
  } satisfies ReturnType<EngineDeclaration['open']>
}
