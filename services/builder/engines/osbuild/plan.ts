import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { imageKey } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { assertDescribed } from '../../recipe.ts'
import { confined } from '../confined.ts'
import type { BuildPlan, BuildRequest, EngineFolders } from '../engine.ts'
import { writeBlueprint } from './blueprint.ts'
import { readOsbuildPart } from './recipe-part.ts'
import { writeRepositories } from './repositories.ts'

/** What image-builder calls the files that it makes, before their endings. */
export const outputName = 'image'

/**
 * One run of image-builder, confined. All that describes the image is in files; every version from 71 on knows the
 * arguments. Its store is the build's own, for osbuild mounts below it.
 */
export function planOsbuild(request: BuildRequest, { work, cache }: EngineFolders): BuildPlan {
  const { compose, image, recipe, sources } = request
  assertDescribed(recipe, image.flavour, 'mkosi.conf')
  const part = readOsbuildPart(recipe, image.architecture)
  const release = numberOf(compose.version)
  const blueprint = join(work, 'blueprint.json')
  const folder = join(work, 'repositories')
  const output = join(work, 'output')
  const repositories = writeRepositories(sources, { architecture: image.architecture, release })
  const options = [
    `--distro=fedora-${release}`,
    `--arch=${image.architecture}`,
    `--blueprint=${blueprint}`,
    ...(repositories === null ? [] : [`--force-repo-dir=${folder}`]),
    `--seed=${seedOf(`${compose.id} ${recipe.name} ${imageKey(image)}`)}`,
    `--cache=${join(work, 'store')}`,
    `--rpmmd-cache=${join(cache, 'osbuild', 'rpmmd')}`,
    `--output-dir=${output}`,
    `--output-name=${outputName}`,
    '--with-manifest',
    '--with-buildlog',
    '--with-rpmlist',
    '--progress=debug',
  ]
  return {
    files: [
      { path: blueprint, content: writeBlueprint(request) },
      ...(repositories === null ? [] : [{ path: join(folder, `fedora-${release}.json`), content: repositories }]),
    ],
    commands: [{ name: 'image', argv: confined(['image-builder', 'build', part.imageType, ...options]) }],
    disk: join(output, `${outputName}.raw`),
    packages: join(output, 'packages.json'),
  }
}

/** Another engine may know Rawhide by its name; image-builder knows only the number that it will have. */
function numberOf(version: string): string {
  if (/^\d+$/.test(version)) return version
  throw new PermanentError('environment', `image-builder knows releases of Fedora by number, not ${version}`)
}

/** A positive number, of 48 bits. */
function seedOf(name: string): string {
  return String(createHash('sha256').update(name).digest().readUIntBE(0, 6))
}
