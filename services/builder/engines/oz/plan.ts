import { join } from 'node:path'
import type { BuildPlan, BuildRequest, EngineFolders } from '../engine.ts'
import { ozOrder } from '../installer/tdl.ts'
import type { OzConfig } from './config.ts'

/**
 * One run of oz-install. Its long options take no values, whatever they say, so all are short; below `-d 3` it ends well
 * when it failed.
 */
export function planOz(
  request: BuildRequest,
  { work }: EngineFolders,
  { config, deadline }: { readonly config: OzConfig; readonly deadline: number },
): BuildPlan {
  const order = ozOrder(request)
  const at = (...path: string[]) => join(work, ...path)
  const disk = at('output', `${order.name}.dsk`)
  return {
    files: [
      { path: at('image.tdl'), content: order.template },
      { path: at(order.answers.file), content: order.answers.text },
      { path: at('oz.cfg'), content: settings(work, config, deadline), isOfHost: true },
    ],
    commands: [
      {
        name: 'image',
        argv: [
          'oz-install',
          '-a',
          at(order.answers.file),
          '-c',
          at('oz.cfg'),
          '-d',
          '4',
          '-p',
          '-t',
          String(secondsOf(deadline)),
          '-s',
          disk,
          '-x',
          at('output', 'guest.xml'),
          at('image.tdl'),
        ],
      },
    ],
    disk,
    packages: at('packages.json'),
  }
}

/** The name of the machine that installs, by the disk of its plan. */
export function domainOf({ disk }: BuildPlan): string {
  return /([^/]+)\.dsk$/.exec(disk)?.[1] ?? ''
}

function settings(work: string, { uri, bridge, type, memory, cpus }: OzConfig, deadline: number): string {
  return `[paths]
output_dir = ${work}/output
data_dir = ${work}/data
screenshot_dir = ${work}/screenshots
sshprivkey = ${work}/data/id_rsa

[libvirt]
uri = ${uri}
image_type = raw
${type === undefined ? '' : `type = ${type}\n`}${bridge === undefined ? '' : `bridge_name = ${bridge}\n`}memory = ${String(memory)}
cpus = ${String(cpus)}

[cache]
original_media = no
modified_media = no
jeos = no

[timeouts]
install = ${String(secondsOf(deadline))}
inactivity = 300
`
}

/** Seconds; its own end comes first, for it takes a picture of the screen. */
function secondsOf(deadline: number): number {
  return Math.max(60, Math.floor(deadline / 1000) - 60)
}
