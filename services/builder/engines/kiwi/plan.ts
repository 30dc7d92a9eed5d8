import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RecipeRefused } from '../../recipe.ts'
import type { BuildPlan, BuildRequest, EngineFolders, PlannedFile } from '../engine.ts'
import { epochOf } from '../mkosi/plan.ts'
import { archives, describeImage, imageName, imageVersion } from './description.ts'
import { readContent } from './recipe-content.ts'
import { readKiwiPart } from './recipe-part.ts'

/** A plan, or why there is none: whoever ends a build needs its plan too, and must not be refused. */
export interface KiwiPlan extends BuildPlan {
  readonly refused?: string
}

/**
 * Two archives of the recipe's files, then one run of KIWI. All that describes the image is in its description, so that
 * nothing of a request gets into arguments that KIWI evaluates, and every version is called alike.
 */
export function planKiwi(request: BuildRequest, folders: EngineFolders): KiwiPlan {
  const output = join(folders.work, 'output')
  const disk = join(output, `${imageName}.${request.image.architecture}-${imageVersion}.raw`)
  const packages = join(output, 'packages.json')
  try {
    return { ...planBuild(request, { work: folders.work, output }), disk, packages }
  } catch (error) {
    if (!(error instanceof RecipeRefused)) throw error
    return { files: [], commands: [], disk, packages, refused: error.message }
  }
}

function planBuild(
  request: BuildRequest,
  { work, output }: { readonly work: string; readonly output: string },
): Pick<BuildPlan, 'files' | 'commands'> {
  const { compose, image, recipe } = request
  const { release } = recipe
  const epoch = String(epochOf(compose.date))
  const part = readKiwiPart(recipe, image.architecture)
  const content = readContent(recipe, image.flavour, image.architecture)
  const description = join(work, 'description')
  const skeleton = join(work, 'skeleton')
  const skeletons = [...(content.skeleton.files.length > 0 ? [skeleton] : []), ...content.skeleton.folders]
  const exclude = part.exclude.map((path) => `--exclude=${path}`)
  const archive = (name: string, folders: readonly string[]): [string, ...string[]] => {
    const trees =
      folders.length > 0 ? folders.flatMap((folder) => ['--directory', folder, '.']) : ['--files-from=/dev/null']
    const modes = ['--owner=root:0', '--group=root:0', '--mode=u=rwX,go=rX']
    return ['tar', '--create', '--file', join(description, name), ...modes, ...exclude, ...trees]
  }
  return {
    files: [
      { path: join(description, 'config.xml'), content: describeImage(request) },
      {
        path: join(description, 'config.sh'),
        content: script(part.script, { release, epoch, removeFiles: content.removeFiles }),
      },
      { path: join(description, 'images.sh'), content: script(part.lastScript, { release, epoch, removeFiles: [] }) },
      ...content.skeleton.files.map(({ from, to }): PlannedFile => ({
        path: join(skeleton, to),
        content: readFileSync(from),
      })),
    ],
    commands: [
      { name: 'skeleton', argv: archive(archives.skeleton, skeletons) },
      { name: 'extra', argv: archive(archives.extra, content.extra) },
      {
        name: 'image',
        argv: [...confined, 'env', `SOURCE_DATE_EPOCH=${epoch}`, ...kiwiArguments({ work, description, output })],
      },
    ],
  }
}

/**
 * In namespaces of its own: mounts go when KIWI goes, however it goes, with every process that it has started; and the
 * files that KIWI leaves among the host's own are in memory. The shell is not replaced, for a first process of a
 * namespace does not hear SIGTERM.
 */
const confined: readonly [string, ...string[]] = [
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'sh',
  '-c',
  'for folder in /etc/apt/keyrings /var/lib/dpkg; do [ ! -d $folder ] || mount -t tmpfs kiwi $folder; done; "$@"; exit $?',
  'confined',
]

function kiwiArguments({ work, description, output }: Record<'work' | 'description' | 'output', string>): string[] {
  const folders = ['--temp-dir', join(work, 'temporary'), '--shared-cache-dir', join(work, 'kiwi-cache')]
  const build = ['system', 'build', '--description', description, '--target-dir', output]
  return ['kiwi-ng', '--debug', '--type', 'oem', ...folders, ...build]
}

interface ScriptContext {
  readonly release: string
  /** Files that the tools of the image make have this time, where they know of it. */
  readonly epoch: string
  readonly removeFiles: readonly string[]
}

function script(recipeScript: string, { release, epoch, removeFiles }: ScriptContext): string {
  const patterns = removeFiles.filter((pattern) => /^\/[\w./@+*-]+$/.test(pattern))
  const unknown = removeFiles.filter((pattern) => !patterns.includes(pattern))
  if (unknown.length > 0) throw new Error(`RemoveFiles: these are no patterns of paths: ${unknown.join(' ')}`)
  const removal = patterns.length > 0 ? `rm -rf ${patterns.join(' ')}\n` : ''
  return `#!/bin/bash\nset -euo pipefail\nRELEASE=${release}\nexport SOURCE_DATE_EPOCH=${epoch}\n\n${recipeScript}\n${removal}`
}
