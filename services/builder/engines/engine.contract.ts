import { mkdtemp, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { exampleCompose, exampleImage } from '#events/examples.ts'
import { sha256OfFile } from '#artifacts/digest.ts'
import { formatDescription } from '../describe-build.ts'
import { readRecipe, recipeNames, recipesFolder } from '../read-recipe.ts'
import { NotDescribed } from '../recipe.ts'
import type { BuildRequest, Built, Engine, EngineContext, EngineFolders } from './engine.ts'

const patience = 900_000

/** A request for one image of Debian 12. */
export async function requestFor(changes: Partial<BuildRequest['image']> = {}): Promise<BuildRequest> {
  return {
    drop: 'weekly-Debian-12-20260101.0',
    compose: {
      ...exampleCompose,
      id: 'Debian-12-20260101.0',
      short: 'Debian',
      version: '12',
      date: '20260101',
      location: 'https://compose.example.org/Debian-12-20260101.0',
    },
    image: { ...exampleImage, flavour: 'generic', recipe: 'debian-12', ...changes },
    recipe: await readRecipe('debian-12', [recipesFolder]),
    sources: { kind: 'distribution', mirror: null },
  }
}

/** Makes requests for the first recipe that an engine has a description of: not every engine reads all of them. */
export async function requestsOf(engine: Pick<Engine, 'plan'>): Promise<typeof requestFor> {
  for (const name of await recipeNames([recipesFolder])) {
    const recipe = await readRecipe(name, [recipesFolder])
    const request: typeof requestFor = async (changes) => ({
      ...(await requestFor({ recipe: name, ...changes })),
      recipe,
    })
    try {
      engine.plan(await request(), { work: '/work', cache: '/cache' })
      return request
    } catch (error) {
      if (!(error instanceof NotDescribed)) throw error
    }
  }
  throw new Error('this engine can build no recipe')
}

interface ContractOptions {
  /** False where the run is too heavy: then only its plan is held to the contract. */
  readonly builds: boolean
  readonly request?: typeof requestFor
  /** What else must be true of what was built. */
  readonly inspect?: (built: Built) => Promise<void>
}

/** What every engine promises. */
export function engineContract(
  engine: Engine,
  { builds, request: makeRequest = requestFor, inspect }: ContractOptions,
): void {
  describe(`the engine ${engine.id}`, () => {
    it('plans the same for the same request', async () => {
      const folders = { work: '/work', cache: '/cache' }
      expect(engine.plan(await makeRequest(), folders)).toEqual(engine.plan(await makeRequest(), folders))
    })

    it('plans another image for another flavour, into the same folders', async () => {
      const folders = { work: '/work', cache: '/cache' }
      const generic = engine.plan(await makeRequest(), folders)
      const ec2 = engine.plan(await makeRequest({ flavour: 'ec2' }), folders)
      expect(ec2).not.toEqual(generic)
      for (const path of [generic.disk, generic.packages, ...generic.files.map((file) => file.path)]) {
        expect(path).toMatch(/^\/work\//)
      }
    })

    it('calls an error that it does not know a bug', () => {
      expect(engine.classify(new Error('never seen'))).toBe('bug')
    })

    if (!builds) return
    describe('building', () => {
      let folder: string
      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), `imagedrop-engine-${engine.id}-`))
      })
      afterEach(async () => {
        await rm(folder, { recursive: true, force: true })
      })

      it(
        'makes the same disk twice, from nothing each time, tells how far it is, and takes no older disk for its own',
        { timeout: patience },
        async () => {
          const digests: string[] = []
          const described: string[] = []
          const begun = new Date()
          let last: ReturnType<Engine['plan']> | null = null
          for (const name of ['first', 'second']) {
            const folders = { work: join(folder, name), cache: join(folder, `${name}-cache`) }
            const progress: Progress[] = []
            const request = await makeRequest()
            const plan = engine.plan(request, folders)
            last = plan
            const startedAt = new Date()
            await engine.run(plan, contextFor(folders, { progress: (step) => progress.push(step) }))
            const built = await engine.collect(plan, startedAt, AbortSignal.timeout(patience))
            digests.push(await sha256OfFile(built.disk))
            expect(built.description.length).toBeGreaterThan(0)
            described.push(formatDescription(built.description, { engine: engine.id, request, folders }))
            const reached = progress.flatMap((step) => step.done ?? [])
            expect(reached.length).toBeGreaterThan(0)
            expect(reached).toEqual(reached.toSorted((one, other) => one - other))
            if (name === 'second') await inspect?.(built)
          }
          expect(digests[1]).toBe(digests[0])
          expect(described[1]).toBe(described[0])
          expect(described[0]).not.toContain(folder)

          // Building is dear, so the second disk serves to try this as well.
          if (last === null) throw new Error('nothing was planned')
          await utimes(last.disk, new Date(0), new Date(0))
          await expect(engine.collect(last, begun, AbortSignal.timeout(patience))).rejects.toThrow(/before the build/)
          await rm(last.disk)
          await expect(engine.collect(last, begun, AbortSignal.timeout(patience))).rejects.toThrow(/did not make/)
        },
      )

      it('stops with the reason when it is told to, leaving no disk', { timeout: patience }, async () => {
        const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
        const plan = engine.plan(await makeRequest(), folders)
        const reason = new Error('not wanted any more')
        await expect(engine.run(plan, contextFor(folders, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
        await expect(stat(plan.disk)).rejects.toThrow(/ENOENT/)
      })
    })
  })
}

function contextFor(folders: EngineFolders, changes: Partial<EngineContext> = {}): EngineContext {
  return {
    signal: AbortSignal.timeout(patience),
    progress: () => {},
    log: pino({ level: 'silent' }),
    now: () => new Date(),
    logFile: join(folders.work, '..', 'build.log'),
    folders,
    ...changes,
  }
}
