import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PermanentError } from '#service/errors.ts'

const licenseText = z.looseObject({
  id: z.string().regex(/^LicenseRef-[A-Za-z0-9.-]+$/),
  name: z.string().nullable(),
  file: z.string(),
  sha256: z.string(),
})

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
  /** Where the texts of licences are that SPDX has no identifier for. */
  licenseTexts: z.array(licenseText).default([]),
})

/** One package of an image, as its engine lists it. */
export type ListedPackage = z.infer<typeof listShape>['packages'][number]

/** The packages of an image, and the licence texts that they name. */
export type PackageList = Pick<z.infer<typeof listShape>, 'packages' | 'licenseTexts'>

/** Reads the list of packages that an engine gives. Throws PermanentError when it is none. */
export async function readPackageList(file: string, image: string): Promise<PackageList> {
  try {
    return listShape.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new PermanentError('bug', `packages: the list of ${image} cannot be read: ${error.message}`, { cause: error })
  }
}
