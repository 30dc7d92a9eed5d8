import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Architecture } from '#events/vocabulary.ts'
import { mkosiArchitectures } from './mkosi/plan.ts'
import { flavourOf, RecipeRefused, type Recipe } from '../recipe.ts'

/** What is in an image, whoever makes it: what the parts of a recipe say to mkosi, without what is mkosi's alone. */
export interface RecipeContent {
  readonly packages: readonly string[]
  /** Needed while the image is made. */
  readonly removePackages: readonly string[]
  /** Patterns of paths. */
  readonly removeFiles: readonly string[]
  /** There before packages are installed: folders, and files with the place that they go to. */
  readonly skeleton: { readonly folders: readonly string[]; readonly files: readonly FileAt[] }
  /** Folders that come on top of the packages. */
  readonly extra: readonly string[]
  readonly kernelArguments: readonly string[]
  /** As tzdata names it; null where nothing is said. */
  readonly timezone: string | null
}

interface FileAt {
  readonly from: string
  readonly to: string
}

interface Reading {
  readonly values: Map<string, string[]>
  readonly skeletonFiles: FileAt[]
  readonly folders: string[]
  readonly match: Readonly<Record<string, string>>
}

const lists = new Set(['Packages', 'RemovePackages', 'RemoveFiles', 'KernelCommandLine', 'Timezone'])
/** How mkosi makes a tree or a disk, or what it does without being told by others. */
const mkosiOnly = new Set(
  'Distribution Release PackageManagerTrees CacheOnly Format CompressOutput Output Bootable Bootloader BiosBootloader CleanPackageMetadata UnifiedKernelImages RepartDirectories FinalizeScripts Environment WithDocs WithRecommends'.split(
    ' ',
  ),
)

/** Reads the parts of a recipe for one image. Throws RecipeRefused for a setting that it does not know. */
export function readContent(recipe: Recipe, flavour: string, architecture: Architecture): RecipeContent {
  const reading: Reading = {
    values: new Map(),
    skeletonFiles: [],
    folders: [],
    match: { Architecture: mkosiArchitectures[architecture], Release: recipe.release, Distribution: recipe.family },
  }
  const own = flavourOf(recipe, flavour)
  for (const folder of [recipe.base.family, recipe.base.folder, own.family, own.folder]) readFolder(folder, reading)
  const values = (key: string) => [...new Set(reading.values.get(key) ?? [])]
  const present = (name: string) => reading.folders.map((folder) => join(folder, name)).filter(existsSync)
  return {
    packages: values('Packages'),
    removePackages: values('RemovePackages'),
    removeFiles: values('RemoveFiles'),
    skeleton: { folders: present('mkosi.skeleton'), files: reading.skeletonFiles },
    extra: present('mkosi.extra'),
    kernelArguments: values('KernelCommandLine'),
    timezone: values('Timezone')[0] ?? null,
  }
}

function readFolder(path: string, reading: Reading): void {
  const folder = realpathSync(path)
  if (reading.folders.includes(folder)) return
  reading.folders.push(folder)
  readFile(folder, 'mkosi.conf', reading)
  const dropIns = join(folder, 'mkosi.conf.d')
  if (!existsSync(dropIns)) return
  for (const name of readdirSync(dropIns).toSorted()) readFile(folder, join('mkosi.conf.d', name), reading)
}

function readFile(folder: string, name: string, reading: Reading): void {
  const path = join(folder, name)
  const settings = parseSettings(readFileSync(path, 'utf8'))
  for (const { section, key, values } of settings) {
    if (section !== 'Match') continue
    if (!(key in reading.match)) throw new RecipeRefused(`${path}: only mkosi knows [Match] ${key}`)
    if (!values.includes(reading.match[key] ?? '')) return
  }
  for (const { section, key, values } of settings) {
    if (section === 'Match' || mkosiOnly.has(key)) continue
    if (key === 'Include') for (const one of values) readFolder(join(folder, one), reading)
    else if (key === 'SkeletonTrees') reading.skeletonFiles.push(...values.map((value) => fileAt(folder, value)))
    else if (lists.has(key)) reading.values.set(key, [...(reading.values.get(key) ?? []), ...values])
    else throw new RecipeRefused(`${path}: only mkosi knows the setting ${key}`)
  }
}

function fileAt(folder: string, value: string): FileAt {
  const [from = '', to = '/'] = value.split(':')
  return { from: join(folder, from), to }
}

interface Setting {
  readonly section: string
  readonly key: string
  readonly values: readonly string[]
}

/** mkosi's INI: a value goes on in the lines that are indented; a list has one item a line or word. */
function parseSettings(text: string): Setting[] {
  const found: { section: string; key: string; values: string[] }[] = []
  let section = ''
  for (const line of text.split('\n').filter((one) => one.trim() !== '' && !one.trim().startsWith('#'))) {
    const header = /^\[(\w+)\]$/.exec(line)?.[1]
    const [, key, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    const setting = found.at(-1)
    if (header !== undefined) section = header
    else if (key !== undefined) found.push({ section, key, values: words(key, value) })
    else setting?.values.push(...words(setting.key, line))
  }
  return found
}

/** Arguments of the kernel may have commas in them. */
function words(key: string, text: string): string[] {
  return text
    .trim()
    .split(key === 'KernelCommandLine' ? /\s+/ : /[\s,]+/)
    .filter(Boolean)
}
