import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { parse } from 'yaml'
import { architecture, flavour } from '#events/vocabulary.ts'
import { RecipeRefused } from '../../../recipe.ts'

/** Names and versions become parts of a file's name that a hyphen takes apart; Koji finds out only at the builder. */
const part = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+~]*$/, 'may have letters, digits and ._+~, and no hyphen')
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/)
const file = z.string().regex(/^(?!\/)(?!.*\.\.)[A-Za-z0-9._/-]+$/, 'is a path below the recipe, without `..`')
const architectures = z.array(architecture).min(1)

const common = {
  target: name.describe('Build target at the hub: `f43`'),
  architectures: architectures.describe('Built together by one task'),
  optional: z.array(architecture).default([]).describe('May fail without failing the others'),
  version: part.optional().describe('Default: the version of the compose'),
}

/** What the formats of kojid's Oz handler that hold a whole disk are. */
export const diskFormats = ['raw', 'raw-xz', 'qcow2'] as const

const kickstart = z.strictObject({
  name,
  kickstart: file.describe('Below the folder `koji` of the recipe, or in the source repository'),
})

const flavours = <Shape extends z.ZodType>(shape: Shape) => z.partialRecord(flavour, shape)

const source = z
  .string()
  .regex(/^git\+(https|ssh):\/\/\S+#\S+$/, 'is git+https://…#COMMIT')
  .optional()
  .describe(
    'Where the builder fetches the kickstart, for hubs that build from source control only; else it is uploaded',
  )

const description = z.discriminatedUnion('build', [
  z.strictObject({
    ...common,
    build: z.literal('image').describe('ImageFactory and Oz'),
    distro: z
      .string()
      .regex(/^(Fedora-\d+|(RHEL|CentOS|SL)-\d+\.\d+)$/, 'is Fedora-NN, RHEL-X.Y, CentOS-X.Y or SL-X.Y'),
    format: z.enum(diskFormats).default('raw-xz'),
    diskGigabytes: z.int().min(1).max(2048),
    ksversion: z.string().optional(),
    source,
    flavours: flavours(kickstart),
  }),
  z.strictObject({
    ...common,
    build: z.literal('appliance'),
    architectures: architectures.max(1).describe('A task builds one'),
    memoryMegabytes: z.int().min(256).default(2048),
    ksversion: z.string().optional(),
    source,
    flavours: flavours(kickstart),
  }),
  z.strictObject({
    ...common,
    build: z.literal('livemedia'),
    ksversion: z.string().optional(),
    source,
    flavours: flavours(kickstart.extend({ volume: z.string().max(32) })),
  }),
  z.strictObject({
    ...common,
    build: z.literal('kiwi'),
    source: z.string().regex(/^git\+(https|ssh):\/\/\S+#\S+$/, 'is git+https://…#COMMIT'),
    description: file,
    type: z.enum(['oem', 'vmx']).default('oem'),
    // kiwi evaluates these as a program, so they are never more than a name and a plain word.
    attributes: z.array(z.string().regex(/^[a-z_]+=[A-Za-z0-9._:+-]+$/)).default([]),
    flavours: flavours(z.strictObject({ profile: name })),
  }),
  z.strictObject({
    ...common,
    build: z.literal('osbuild'),
    distro: z.string().regex(/^[a-z]+-\d+(\.\d+)?$/, 'is fedora-43, rhel-9.4, …'),
    flavours: flavours(z.strictObject({ name, type: name })),
  }),
  z.strictObject({
    ...common,
    build: z.literal('image-builder'),
    distro: z.string().regex(/^[a-z]+-\d+(\.\d+)?$/, 'is fedora-43, rhel-9.4, …'),
    seed: z.int().optional(),
    flavours: flavours(z.strictObject({ name, type: name })),
  }),
])

/** How Koji builds a recipe: the file `koji/koji.yaml` in its folder. */
export type KojiDescription = z.infer<typeof description>

/** Reads how Koji builds the recipe in a folder. Throws RecipeRefused when it does not say, or says what cannot be. */
export function readKojiDescription(folder: string): KojiDescription {
  const named = `koji/koji.yaml of the recipe ${basename(folder)}`
  const found = description.safeParse(parse(readText(join(folder, 'koji', 'koji.yaml'), named)))
  if (!found.success) {
    const told = found.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new RecipeRefused(`${named}: ${told.join('; ')}`)
  }
  const strange = found.data.optional.find((one) => !found.data.architectures.includes(one))
  if (strange === undefined) return found.data
  throw new RecipeRefused(`${named}: optional: ${strange} is not among the architectures`)
}

function readText(path: string, named: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new RecipeRefused(`there is no ${named}, so it does not say how Koji builds it`, { cause: error })
  }
}
