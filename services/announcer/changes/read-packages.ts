import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import type { Packages } from './compare-packages.ts'

/** The list of a full desktop is below a megabyte. */
const longestList = 16 * 1024 ** 2

const shape = z.object({ packages: z.array(z.object({ name: z.string().min(1), version: z.string().min(1) })) })

/** Reads the list of packages that every engine gives with an image. */
export async function readPackages(path: string): Promise<Packages> {
  const { size } = await stat(path)
  if (size > longestList) throw new Error(`${path} has ${String(size)} bytes: too many for a list of packages`)
  const { packages } = shape.parse(JSON.parse(await readFile(path, 'utf8')))
  const byName = Map.groupBy(packages, ({ name }) => name)
  return new Map([...byName].map(([name, group]) => [name, group.map(({ version }) => version)]))
}
