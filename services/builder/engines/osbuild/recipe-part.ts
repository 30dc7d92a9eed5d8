import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { architecture, type Architecture } from '#events/vocabulary.ts'
import { NotDescribed, RecipeRefused, type Recipe } from '../../recipe.ts'

const unit = z.string().regex(/^[\w@.-]+$/)

const osbuildPart = z.strictObject({
  architectures: z.array(architecture).describe('What image-builder makes of these recipes'),
  imageType: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe("One of image-builder's types whose image is a raw disk"),
  rootMib: z.int().min(256).describe('Size of the root file system'),
  leaveOut: z.array(z.string().regex(/^[\w.+-]+$/)).describe('Packages of the recipe that only mkosi needs'),
  excludeFiles: z
    .array(z.string().regex(/^\/[\w./-]+$/))
    .describe('Files of the recipe that image-builder writes itself'),
  locale: z.string().regex(/^[\w.@-]+$/),
  services: z.array(unit).describe('What starts: presets are below /usr'),
  masked: z.array(unit).describe("What never starts, of image-builder's own packages"),
})

/** What the family of a recipe says to image-builder, beside what its parts say to mkosi. */
export type OsbuildPart = z.infer<typeof osbuildPart>

/** Reads the folder `osbuild` of a family. Throws NotDescribed when there is none, RecipeRefused for other architectures. */
export function readOsbuildPart(recipe: Recipe, wanted: Architecture): OsbuildPart {
  const file = join(dirname(recipe.base.family), 'osbuild', 'osbuild.yaml')
  if (!existsSync(file)) throw new NotDescribed(recipe, 'image-builder', 'osbuild.yaml')
  const part = osbuildPart.parse(parse(readFileSync(file, 'utf8')))
  if (part.architectures.includes(wanted)) return part
  throw new RecipeRefused(`image-builder makes ${recipe.name} for ${part.architectures.join(', ')}, not for ${wanted}`)
}
