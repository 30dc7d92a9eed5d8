import { expect, it } from 'vitest'
import { engineContract, requestsOf } from './engine.contract.ts'
import { engineFolders, findEngines } from './find-engines.ts'

const limits = { deadline: 60_000, idleDeadline: 60_000 }
const engines = await findEngines([import.meta.dirname], { env: {}, ...limits })

/** Building with the others takes minutes: their own slow tests do. */
const quick = new Set(['null'])
for (const [name, engine] of engines) {
  engineContract(engine, { builds: quick.has(name), request: await requestsOf(engine) })
}

it('every engine is named as its folder', () => {
  expect(engineFolders([import.meta.dirname]).map(({ name }) => name)).toEqual(
    [...engines.values()].map((engine) => engine.id),
  )
})
