import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const listShape = z.looseObject({
  packages: z.array(z.looseObject({ name: z.string(), version: z.string(), architecture: z.string().optional() })),
})

/** What is in one list of packages and not in the other, as `bash 5.2-1 (amd64)`; empty lists when they are the same. */
export async function comparePackages(
  then: string,
  now: string,
): Promise<{ readonly gone: readonly string[]; readonly come: readonly string[] }> {
  const [before, after] = [await readList(then), await readList(now)]
  return { gone: [...before.difference(after)], come: [...after.difference(before)] }
}

async function readList(file: string): Promise<Set<string>> {
  const { packages } = listShape.parse(JSON.parse(await readFile(file, 'utf8')))
  return new Set(
    packages.map(({ name, version, architecture }) => `${name} ${version} (${architecture ?? 'any architecture'})`),
  )
}
