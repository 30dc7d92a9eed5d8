import type { Tree } from '../tree.ts'
import { readDpkg } from './dpkg.ts'
import type { PackageReading, Packages } from './package-database.ts'
import { readRpm } from './rpm.ts'

/** Reads the databases of dpkg and of rpm; an image may have both, or none. */
export async function readPackages(tree: Tree, reading: PackageReading): Promise<Packages> {
  const both = [await readDpkg(tree), await readRpm(tree, reading)]
  return {
    facts: new Map(both.flatMap(({ facts }) => [...facts])),
    packageOf: (path) => both.map(({ packageOf }) => packageOf(path)).find((name) => name !== null) ?? null,
    told: (path) => both.some(({ told }) => told(path)),
  }
}
