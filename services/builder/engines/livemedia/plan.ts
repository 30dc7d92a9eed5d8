import { join } from 'node:path'
import { NotDescribed } from '../../recipe.ts'
import type { BuildPlan, BuildRequest, EngineFolders } from '../engine.ts'
import { kickstartFor } from '../installer/kickstart.ts'
import { treeArchitectures } from '../installer/packages-of.ts'
import type { LivemediaConfig } from './config.ts'

/**
 * One run of livemedia-creator: Anaconda installs into a disk, on this host or in a virtual machine that starts from a
 * boot.iso. Its result folder must not exist, so it is not among the files.
 */
export function planLivemedia(
  request: BuildRequest,
  { work }: EngineFolders,
  { config, deadline }: { readonly config: LivemediaConfig; readonly deadline: number },
): BuildPlan {
  const { image, recipe } = request
  if (config.iso !== undefined && image.architecture === 'aarch64') {
    throw new NotDescribed(recipe, image.architecture, 'installer in a virtual machine')
  }
  const kickstart = join(work, 'image.ks')
  const virtual = [
    `--iso=${config.iso ?? ''}`,
    `--ram=${String(config.memory)}`,
    `--vcpus=${String(config.cpus)}`,
    `--arch=${treeArchitectures[image.architecture]}`,
    ...(config.kvm ? [] : ['--no-kvm']),
  ]
  return {
    files: [
      { path: kickstart, content: kickstartFor(request, 'tree') },
      { path: join(work, 'tmp', '.keep'), content: '' },
      { path: join(work, 'logs', '.keep'), content: '' },
    ],
    commands: [
      {
        name: 'image',
        argv: [
          'livemedia-creator',
          '--make-disk',
          ...(config.iso === undefined ? ['--no-virt'] : virtual),
          `--ks=${kickstart}`,
          `--releasever=${recipe.release}`,
          '--project=Fedora',
          '--image-name=image.raw',
          `--resultdir=${join(work, 'output')}`,
          `--logfile=${join(work, 'logs', 'livemedia.log')}`,
          `--tmp=${join(work, 'tmp')}`,
          // Minutes. Its own end comes first, for it cleans up.
          `--timeout=${String(Math.max(1, Math.floor(deadline / 60_000) - 1))}`,
        ],
      },
    ],
    disk: join(work, 'output', 'image.raw'),
    packages: join(work, 'packages.json'),
  }
}
