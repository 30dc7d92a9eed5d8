import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine, EngineDeclaration, EngineHost } from './engine.ts'

/** Finds the engines of some folders: each folder in them that has an `engine.ts`, which exports `engine`. */
export async function findEngines(folders: readonly string[], host: EngineHost): Promise<ReadonlyMap<string, Engine>> {
  const engines = new Map<string, Engine>()
  for (const { name, path } of engineFolders(folders)) {
    const { engine } = (await import(join(path, 'engine.ts'))) as { engine?: EngineDeclaration }
    if (!engine) throw new Error(`${path}/engine.ts exports no engine`)
    if (!engines.has(name)) engines.set(name, engine.open(host))
  }
  return engines
}

/** The folders of engines; of one name, the first holds. */
export function engineFolders(folders: readonly string[]): { readonly name: string; readonly path: string }[] {
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .map((name) => ({ name, path: join(folder, name) }))
      .filter(({ path }) => existsSync(join(path, 'engine.ts'))),
  )
}
