import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { engineContract, requestsOf } from './engine.contract.ts'
import type { EngineDeclaration } from './engine.ts'
import { engineFolders, findEngines } from './find-engines.ts'
import { remoteContract } from './remote.contract.ts'
import type { RemoteStandIn } from './testing/remote-stand-in.ts'
import type { ScriptedTool } from './testing/scripted-tool.ts'
import { toolContract } from './tool.contract.ts'

const limits = { deadline: 60_000, idleDeadline: 60_000 }
const engines = await findEngines([import.meta.dirname], { env: {}, ...limits })
const folders = engineFolders([import.meta.dirname])

/** Building with the others takes minutes: their own slow tests do. */
const quick = new Set(['null'])
for (const [name, engine] of engines) {
  engineContract(engine, { builds: quick.has(name), request: await requestsOf(engine) })
}

const scripted = folders.filter(({ path }) => existsSync(join(path, 'testing', 'tool.ts')))
for (const { name, path } of scripted) {
  const { engine } = (await import(join(path, 'engine.ts'))) as { engine: EngineDeclaration }
  const { tool } = (await import(join(path, 'testing', 'tool.ts'))) as { tool: ScriptedTool }
  toolContract(name, path, engine, tool)
}

const remote = folders.filter(({ path }) => existsSync(join(path, 'testing', 'remote.ts')))
for (const { name, path } of remote) {
  const { engine } = (await import(join(path, 'engine.ts'))) as { engine: EngineDeclaration }
  const { remote: standIn } = (await import(join(path, 'testing', 'remote.ts'))) as { remote: RemoteStandIn }
  remoteContract(name, path, engine, standIn)
}

it('every engine is named as its folder', () => {
  expect(folders.map(({ name }) => name)).toEqual([...engines.values()].map((engine) => engine.id))
})

it('every engine that does not build by itself has a stand-in for its tool, or for the service that it asks', async () => {
  const folders = { work: '/work', cache: '/cache' }
  const byTool: string[] = []
  const byService: string[] = []
  for (const [name, engine] of engines) {
    const request = await (await requestsOf(engine))()
    if (engine.plan(request, folders).commands.length > 0) byTool.push(name)
    else if (!quick.has(name)) byService.push(name)
  }
  expect(byTool).toEqual(scripted.map(({ name }) => name))
  expect(byService).toEqual(remote.map(({ name }) => name))
})
