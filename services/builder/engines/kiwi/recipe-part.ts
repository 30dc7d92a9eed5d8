import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { architecture, type Architecture } from '#events/vocabulary.ts'
import { RecipeRefused, type Recipe } from '../../recipe.ts'

const kernelArguments = z.string().regex(/^[\w.,=:/@+ -]*$/)
const packageName = z.string().regex(/^[\w.+-]+$/)

const kiwiPart = z.strictObject({
  architectures: z.array(architecture).describe('What KIWI makes of these recipes'),
  exclude: z.array(z.string().regex(/^\.\/[\w./-]+$/)).describe("Files of the recipe that are KIWI's own affair"),
  packages: z.array(packageName).describe('What the image needs for KIWI'),
  keep: z.array(packageName).describe('What mkosi removes again and KIWI cannot'),
  diskMib: z.int().min(256).describe('Size of the disk'),
  mountOptions: z
    .string()
    .regex(/^[\w,=-]+$/)
    .describe('Of the root, in fstab'),
  kernelArguments,
  flavours: z.record(z.string(), z.strictObject({ kernelArguments })),
})

/** What the family of a recipe says to KIWI, beside what its parts say to mkosi. */
export interface KiwiPart extends z.infer<typeof kiwiPart> {
  /** Runs in the tree before the disk is made. */
  readonly script: string
  /** Runs there when KIWI has put away what it needs to install packages. */
  readonly lastScript: string
}

/** Reads the folder `kiwi` of a family. Throws RecipeRefused when there is none or it is not for this architecture. */
export function readKiwiPart({ name, base }: Recipe, wanted: Architecture): KiwiPart {
  const folder = join(dirname(base.family), 'kiwi')
  if (!existsSync(folder)) throw new RecipeRefused(`the recipe ${name} has no part for KIWI`)
  const part = kiwiPart.parse(parse(readFileSync(join(folder, 'kiwi.yaml'), 'utf8')))
  if (!part.architectures.includes(wanted)) {
    throw new RecipeRefused(`KIWI makes ${name} for ${part.architectures.join(', ')}, not for ${wanted}`)
  }
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { ...part, script: text('config.sh'), lastScript: text('images.sh') }
}
