import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { parse } from 'yaml'
import { architecture, flavour } from '#events/vocabulary.ts'
import { NotDescribed, RecipeRefused, type Recipe } from '../../../recipe.ts'

/** Names and versions become parts of a file's name that a hyphen takes apart; Koji finds out only at the builder. */
const part = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+~]*$/, 'may have letters, digits and ._+~, and no hyphen')
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/)
const file = z.string().regex(/^(?!\/)(?!.*\.\.)[A-Za-z0-9._/-]+$/, 'is a path in its repository, without `..`')
const source = z.string().regex(/^git\+(https|ssh):\/\/\S+#\S+$/, 'is git+https://…#COMMIT')
const architectures = z.array(architecture).min(1)

const common = {
  target: name.optional().describe('Build target at the hub; default: as Fedora names them, `f43` and `rawhide`'),
  version: part.optional().describe('Default: the version of the compose'),
}

const together = {
  architectures: architectures.optional().describe('Built together by one task; default: each by a task of its own'),
  optional: z.array(architecture).default([]).describe('Of those built together, what may fail without the others'),
}

const flavours = <Shape extends z.ZodType>(shape: Shape) => z.partialRecord(flavour, shape)

const kickstart = z.strictObject({ name, kickstart: file.optional().describe('In the source repository') })

/** The kickstart is the recipe's own and is uploaded, for hubs that build from source control only it is there. */
const kickstarted = { ...common, source: source.optional().describe('Where the builder fetches the kickstart') }

/** What the formats of kojid's Oz handler that hold a whole disk are. */
const diskFormats = ['raw', 'raw-xz', 'qcow2'] as const

const distro = z.string().regex(/^[a-z]+-\d+(\.\d+)?$/, 'is fedora-43, rhel-9.4, …')

const description = z.discriminatedUnion('build', [
  z.strictObject({
    ...kickstarted,
    ...together,
    build: z.literal('image').describe('ImageFactory and Oz'),
    distro: z
      .string()
      .regex(/^(Fedora-\d+|(RHEL|CentOS|SL)-\d+\.\d+)$/, 'is Fedora-NN, RHEL-X.Y, CentOS-X.Y or SL-X.Y'),
    format: z.enum(diskFormats).default('raw-xz'),
    diskGigabytes: z.int().min(1).max(2048),
    flavours: flavours(kickstart),
  }),
  z.strictObject({
    ...kickstarted,
    build: z.literal('appliance').describe('appliance-creator, which builds one architecture a task'),
    memoryMegabytes: z.int().min(256).default(2048),
    flavours: flavours(kickstart),
  }),
  z.strictObject({
    ...kickstarted,
    ...together,
    build: z.literal('livemedia').describe('livemedia-creator, which makes an ISO here'),
    flavours: flavours(kickstart.extend({ volume: z.string().max(32) })),
  }),
  z.strictObject({
    ...common,
    ...together,
    // KIWI's own description names the build that is kept, so its architectures can be no builds of their own.
    architectures,
    build: z.literal('kiwi'),
    source,
    description: file,
    type: z.enum(['oem', 'vmx']).default('oem'),
    // kiwi evaluates these as a program, so they are never more than a name and a plain word.
    attributes: z.array(z.string().regex(/^[a-z_]+=[A-Za-z0-9._:+-]+$/)).default([]),
    flavours: flavours(z.strictObject({ profile: name })),
  }),
  z.strictObject({
    ...common,
    ...together,
    build: z.literal('osbuild'),
    distro,
    flavours: flavours(z.strictObject({ name, type: name })),
  }),
  z.strictObject({
    ...common,
    ...together,
    build: z.literal('image-builder'),
    distro,
    seed: z.int().optional(),
    flavours: flavours(z.strictObject({ name, type: name })),
  }),
])

/** How Koji builds a recipe: the file `koji.yaml` in its folder. */
export type KojiDescription = z.infer<typeof description>

/** Those that install by a kickstart. */
export type Kickstarted = Extract<KojiDescription, { build: 'image' | 'appliance' | 'livemedia' }>

/** Whether a build installs by a kickstart. */
export function isKickstarted(found: KojiDescription): found is Kickstarted {
  return found.build === 'image' || found.build === 'appliance' || found.build === 'livemedia'
}

/** Reads how Koji builds a recipe. Throws NotDescribed when it does not say, RecipeRefused when it says what cannot be. */
export function readKojiDescription(recipe: Recipe): KojiDescription {
  const path = join(dirname(recipe.base.folder), 'koji.yaml')
  if (!existsSync(path)) throw new NotDescribed(recipe, 'Koji', 'koji.yaml')
  const named = `koji.yaml of the recipe ${recipe.name}`
  const found = description.safeParse(parse(readFileSync(path, 'utf8')))
  if (!found.success) {
    const told = found.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new RecipeRefused(`${named}: ${told.join('; ')}`)
  }
  const fault = faultOf(found.data)
  if (fault !== null) throw new RecipeRefused(`${named}: ${fault}`)
  return found.data
}

function faultOf(found: KojiDescription): string | null {
  if (found.build !== 'appliance') {
    const strange = found.optional.find((one) => found.architectures?.includes(one) !== true)
    if (strange !== undefined) return `optional: ${strange} is not among the architectures`
  }
  if (!isKickstarted(found)) return null
  const isFetched = found.source !== undefined
  const wrong = Object.entries(found.flavours).find(([, one]) => (one?.kickstart !== undefined) !== isFetched)
  return wrong ? `flavours.${wrong[0]}: a kickstart is named where there is a source, and only there` : null
}
