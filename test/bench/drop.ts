import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { readIfThere } from '#files/durable.ts'
import { run } from '#subprocess/run.ts'
import { measureUsage } from './usage.ts'

/** What the drop of some images took. */
export interface DropFigures {
  readonly images: readonly string[]
  /** Seconds. */
  readonly wall: number
  /** Of all processes; ours is that of the drop's own process, the rest is the tools'. */
  readonly processor: number
  readonly ours: number
}

/** Those of Debian 12. */
export const dropImages = ['generic.x86_64', 'ec2.x86_64', 'generic.i686', 'ec2.i686'] as const

const ours = join(import.meta.dirname, '..', '..')
const script = join(import.meta.dirname, 'baseline.sh')

const onLine = (line: string) => {
  console.info(line)
}

type Work = (place: string, images: readonly string[]) => Promise<void>

/**
 * What is compared, each with the packages that were downloaded before and nothing else: the plain script; the drop with the same outputs,
 * which goes to the mirror alone and makes the one boot by BIOS that the script makes, but asks everything in it; and the drop
 * as it is shipped, which boots x86_64 by Secure Boot too and uploads to EC2.
 */
const compared: Readonly<Record<string, Work>> = { script: runScript, 'one-boot': runDropOfOneBoot, shipped: runDrop }

/** `packages` downloads them for all others. */
export const dropParts = ['packages', ...Object.keys(compared)] as const

/** Makes one part, in a folder that all have in common; what an earlier run of the part has left there goes. */
export async function measureDropPart(folder: string, part: string, images: readonly string[]): Promise<void> {
  if (part === 'packages') {
    await downloadPackages(folder, images)
    return
  }
  const work = compared[part]
  if (!work) throw new Error(`drop: there is no part ${part}; there are ${dropParts.join(', ')}`)
  const place = join(folder, part)
  await rm(place, { recursive: true, force: true })
  await mkdir(place, { recursive: true })
  await copyPackages(folder, part, images)
  await using own = watchOwnTime()
  const { usage } = await measureUsage(() => work(place, images))
  const figures: DropFigures = { images, wall: usage.wall, processor: usage.processor, ours: own.seconds() }
  await writeFile(noteOf(folder, part), JSON.stringify(figures))
}

/** What a part took when it was last made of these images; null when it was not. */
export async function readDropFigures(
  folder: string,
  part: string,
  images: readonly string[],
): Promise<DropFigures | null> {
  const known = await readIfThere(noteOf(folder, part))
  if (known === null) return null
  const figures = JSON.parse(String(known)) as DropFigures
  return [...figures.images].sort().join() === [...images].sort().join() ? figures : null
}

/** How long a drop takes at least on this machine: all processors busy with its tools, and with nothing else. */
export function leastWall({ processor, ours: own }: DropFigures): number {
  return (processor - own) / availableParallelism()
}

function noteOf(folder: string, part: string): string {
  return join(folder, `${part}.json`)
}

/** Has the script build each image once, for the packages that it leaves. */
async function downloadPackages(folder: string, images: readonly string[]): Promise<void> {
  const place = join(folder, 'packages')
  for (const image of images) await rm(join(place, image), { recursive: true, force: true })
  await run('bash', [script, place, ...images], { env: { STEPS: 'build' }, onLine })
  for (const image of images) await rm(join(place, image), { recursive: true })
}

async function copyPackages(folder: string, part: string, images: readonly string[]): Promise<void> {
  for (const architecture of new Set(images.map((image) => image.split('.')[1] ?? ''))) {
    const kept = join(folder, 'packages', `packages-${architecture}`)
    if (!existsSync(kept))
      throw new Error(`drop: there are no packages for ${architecture} in ${folder}: make the part packages first`)
    const to =
      part === 'script'
        ? join(folder, part, basename(kept))
        : join(folder, part, 'builder', 'mkosi', 'packages', `debian-12-${architecture}`)
    await cp(kept, to, { recursive: true, preserveTimestamps: true })
  }
}

async function runScript(place: string, images: readonly string[]): Promise<void> {
  await run('bash', [script, place, ...images], { onLine })
}

async function runDrop(place: string, images: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const args = ['drop', '--distribution', 'debian-12', '--state', place, '--images', images.join(',')]
  await run(join(ours, 'cli', 'imagedrop.js'), args, { env, onLine })
}

async function runDropOfOneBoot(place: string, images: readonly string[]): Promise<void> {
  const boots = join(place, 'boots.yaml')
  const policy = join(place, 'drops.yaml')
  const bios = { firmware: 'bios', chipset: 'i440fx', disk: 'virtio', tpm: false, datasource: 'nocloud' }
  await writeFile(boots, stringify({ boots: { bios }, images: [{ boots: ['bios'] }] }))
  const shipped = parse(await readFile(join(ours, 'deploy', 'drops.yaml'), 'utf8')) as Record<string, unknown>
  await writeFile(policy, stringify({ ...shipped, targets: { generic: ['mirror'], ec2: ['mirror'] } }))
  await runDrop(place, images, { IMAGEDROP_BOOT_TESTER_BOOTS: boots, IMAGEDROP_SCHEDULER_POLICY: policy })
}

/** Looks twice a second at what our child itself has worked, without what it has run. */
function watchOwnTime(): AsyncDisposable & { readonly seconds: () => number } {
  const ticks = new Map<string, number>()
  const self = String(process.pid)
  const look = async () => {
    const children = await readFile(`/proc/${self}/task/${self}/children`, 'utf8')
    for (const pid of children.trim().split(' ').filter(Boolean)) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields.length > 12) ticks.set(pid, Number(fields[11]) + Number(fields[12]))
    }
  }
  let looking = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, 500)
  return {
    seconds: () => [...ticks.values()].reduce((sum, one) => sum + one, 0) / 100,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await looking
    },
  }
}
