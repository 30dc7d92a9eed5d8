import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { imageKey } from '#events/vocabulary.ts'
import type { BuildRequest } from '../engine.ts'
import { readContent, type RecipeContent } from '../recipe-content.ts'
import { readOsbuildPart, type OsbuildPart } from './recipe-part.ts'

/** The blueprint of an image: what is added to image-builder's own cloud image, as JSON. */
export function writeBlueprint({ image, recipe }: BuildRequest): string {
  const content = readContent(recipe, image.flavour, image.architecture)
  const part = readOsbuildPart(recipe, image.architecture)
  const root = {
    type: 'plain',
    mountpoint: '/',
    label: 'root',
    fs_type: 'ext4',
    minsize: `${String(part.rootMib)} MiB`,
  }
  const blueprint = {
    name: `${recipe.name}-${imageKey(image)}`,
    packages: content.packages.filter((name) => !part.leaveOut.includes(name)).map((name) => ({ name })),
    customizations: {
      kernel: { append: content.kernelArguments.join(' ') },
      timezone: { timezone: content.timezone ?? 'UTC' },
      locale: { languages: [part.locale] },
      services: { enabled: part.services, masked: part.masked },
      disk: { type: 'gpt', partitions: [root] },
      files: filesOf(content, part),
    },
  }
  return `${JSON.stringify(blueprint, null, 2)}\n`
}

interface BlueprintFile {
  readonly path: string
  readonly mode: string
  readonly data: string
}

/** Later ones hold: extra trees come on top of skeletons. */
function filesOf({ skeleton, extra }: RecipeContent, { excludeFiles }: OsbuildPart): BlueprintFile[] {
  const places = new Map<string, string>()
  for (const folder of [...skeleton.folders, ...extra]) {
    for (const from of filesBelow(folder)) places.set(join('/', relative(folder, from)), from)
  }
  for (const { from, to } of skeleton.files) places.set(to, from)
  return [...places]
    .filter(([path]) => !excludeFiles.includes(path))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, from]) => ({ path, mode: modeOf(from), data: readFileSync(from, 'utf8') }))
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Of a checkout, only whether a file can be run is its own: the rest is the umask's. */
function modeOf(path: string): string {
  return (statSync(path).mode & 0o100) === 0 ? '0644' : '0755'
}
