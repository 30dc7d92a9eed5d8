import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { uuidFrom } from '#events/envelope.ts'
import { imageKey, type Architecture } from '#events/vocabulary.ts'
import { assertDescribed, flavourOf, type Recipe, type RecipePart } from '../../recipe.ts'
import type { BuildPlan, BuildRequest, EngineFolders } from '../engine.ts'
import { repositoryFiles } from './repositories.ts'

/** What mkosi calls our architectures. */
export const mkosiArchitectures: Record<Architecture, string> = { i686: 'x86', x86_64: 'x86-64', aarch64: 'arm64' }

/**
 * Two runs of mkosi: the base tree that the flavours of an architecture share, then the flavour's own disk on top.
 * Times, seeds and UUIDs come from the compose and the image's name, so that the same compose and recipe give the same
 * bits, and a machine that has the disks of two images tells them apart.
 */
export function planMkosi(request: BuildRequest, folders: EngineFolders): BuildPlan {
  const { compose, image, recipe, sources } = request
  assertDescribed(recipe, image.flavour, 'mkosi.conf')
  const packageManager = join(folders.work, 'package-manager')
  const output = join(folders.work, 'output')
  const base = join(folders.cache, 'bases', `${recipe.name}-${image.architecture}-${baseKey(request)}.tar`)
  const baseAside = join(folders.work, 'base')
  const epoch = String(epochOf(compose.date))
  const name = `${compose.id} ${recipe.name} ${imageKey(image)}`
  const seed = uuidFrom(name)
  const rootUuid = uuidFrom(`${name} root`)
  const files = repositoryFiles(sources, packageManager)
  const settings = (part: RecipePart) => [
    ...recipeArguments(recipe, part),
    `--architecture=${mkosiArchitectures[image.architecture]}`,
    ...(files.length > 0 ? [`--package-manager-tree=${packageManager}:/`] : []),
    ...(sources.kind === 'distribution' && sources.mirror !== null ? [`--mirror=${sources.mirror}`] : []),
    `--package-cache-dir=${join(folders.cache, 'packages', `${recipe.name}-${image.architecture}`)}`,
    `--workspace-dir=${workspaceOf(folders)}`,
    `--source-date-epoch=${epoch}`,
    // What mkfs.ext4 takes for now; it does not know SOURCE_DATE_EPOCH before 1.47.1.
    `--environment=E2FSPROGS_FAKE_TIME=${epoch}`,
  ]
  return {
    files,
    commands: [
      {
        name: 'base',
        argv: ['mkosi', ...settings(recipe.base), `--output-dir=${baseAside}`, '--force', 'build'],
        shared: { made: join(baseAside, 'base.tar'), place: base },
      },
      {
        name: 'image',
        argv: [
          'mkosi',
          ...settings(flavourOf(recipe, image.flavour)),
          `--base-tree=${base}`,
          `--seed=${seed}`,
          `--environment=SYSTEMD_REPART_MKFS_OPTIONS_EXT4="-E nodiscard,lazy_itable_init=1,hash_seed=${seed} -U ${rootUuid}"`,
          // For the recipe's own scripts, and for the boot loaders that mkosi sets up itself.
          `--environment=ROOT_UUID=${rootUuid}`,
          `--kernel-command-line=root=UUID=${rootUuid}`,
          `--output-dir=${output}`,
          '--force',
          'build',
        ],
      },
    ],
    disk: join(output, 'image.raw'),
    packages: join(output, 'packages.json'),
  }
}

/** Where mkosi fills trees and disks; nothing in it is wanted afterwards. */
export function workspaceOf({ work }: Pick<EngineFolders, 'work'>): string {
  return join(work, 'workspace')
}

/** How mkosi is told what a part of a recipe says: the release, then the family's part, then the recipe's own. */
export function recipeArguments({ family, release }: Recipe, part: RecipePart): string[] {
  return [`--directory=${part.folder}`, `--distribution=${family}`, `--release=${release}`, `--include=${part.family}`]
}

/** What decides the base tree. The compose's id is in it: a new compose has new packages at the same address. */
function baseKey({ compose, image, recipe, sources }: BuildRequest): string {
  const inputs = JSON.stringify([compose.id, compose.date, recipe.digest, image.architecture, sources])
  return createHash('sha256').update(inputs).digest('hex').slice(0, 16)
}

/** Midnight UTC of the compose's day, in seconds. */
export function epochOf(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8))) / 1000
}
