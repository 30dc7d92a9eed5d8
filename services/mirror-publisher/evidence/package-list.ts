import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PermanentError } from '#service/errors.ts'

const listShape = z.looseObject({
  packages: z.array(
    z.looseObject({
      name: z.string().min(1),
      version: z.string().min(1),
      architecture: z.string().optional(),
      type: z.enum(['deb', 'rpm']).optional().catch(undefined),
      source: z.string().min(1).optional(),
      license: z.string().min(1).optional(),
    }),
  ),
})

/** One package of an image, as its engine lists it. */
export type ListedPackage = z.infer<typeof listShape>['packages'][number]

/** Reads the list of packages that an engine gives. Throws PermanentError when it is none. */
export async function readPackageList(file: string, image: string): Promise<ListedPackage[]> {
  try {
    return listShape.parse(JSON.parse(await readFile(file, 'utf8'))).packages
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new PermanentError('bug', `packages: the list of ${image} cannot be read: ${error.message}`, { cause: error })
  }
}
