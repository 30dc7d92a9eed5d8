import { join } from 'node:path'
import type { BuildPlan, BuildRequest, EngineFolders, PlannedCommand } from '../engine.ts'
import { kickstartFor } from '../installer/kickstart.ts'

/**
 * One run of appliance-creator. It names the disk after the appliance and the first device; anything but an uncompressed
 * raw disk it makes wrongly, so other formats are made afterwards.
 */
export function planAppliance(request: BuildRequest, { work, cache }: EngineFolders): BuildPlan {
  const { compose, image, recipe } = request
  const kickstart = join(work, 'image.ks')
  const output = join(work, 'output')
  const name = `${recipe.name}-${image.flavour}`
  const tool: PlannedCommand['argv'] = [
    'appliance-creator',
    `--config=${kickstart}`,
    `--name=${name}`,
    `--version=${recipe.release}`,
    `--release=${compose.date}.${String(compose.respin)}`,
    '--vmem=1024',
    '--vcpu=1',
    '--format=raw',
    '--no-compress',
    '--package=none',
    `--outdir=${output}`,
    `--tmpdir=${join(work, 'tmp')}`,
    `--cache=${join(cache, 'packages', `${recipe.name}-${image.architecture}`)}`,
    '--debug',
    '--verbose',
    `--logfile=${join(work, 'logs', 'appliance.log')}`,
  ]
  return {
    files: [
      { path: kickstart, content: kickstartFor(request, 'repositories') },
      { path: join(work, 'tmp', '.keep'), content: '' },
      { path: join(work, 'logs', '.keep'), content: '' },
    ],
    // The package manager goes by what the kernel says that it runs on.
    commands: [{ name: 'image', argv: image.architecture === 'i686' ? ['setarch', 'i686', ...tool] : tool }],
    disk: join(output, name, `${name}-sda.raw`),
    packages: join(work, 'packages.json'),
  }
}
