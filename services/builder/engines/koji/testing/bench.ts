import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Progress } from '#bus/bus.ts'
import { exampleCompose, exampleImage } from '#events/examples.ts'
import type { ImagePlan } from '#events/vocabulary.ts'
import { run } from '#subprocess/run.ts'
import { startHub, type Hub } from '#test/fakes/koji/hub.ts'
import { connectHub, type KojiHub } from '../hub/connect.ts'
import { kojiLimits, type KojiLimits } from '../limits.ts'
import type { KojiPlan, KojiRequest } from '../order/plan.ts'
import { readPlan, type RecipePlace } from '../order/read-plan.ts'
import type { Step } from '../step.ts'
import { createKojiSteps, type KojiSteps } from '../steps.ts'

/** A fake hub, who builds with it, a recipe and a clock: what tests of the engine begin with. */
export interface Bench extends AsyncDisposable {
  readonly hub: Hub
  readonly koji: KojiHub
  readonly steps: KojiSteps
  readonly folder: string
  /** Disks that builders may upload: the same one in each form. */
  readonly disks: { readonly raw: string; readonly xz: string; readonly qcow2: string }
  readonly progress: Progress[]
  readonly logFile: string
  /** Lets time go by, for us and the hub. */
  readonly pass: (milliseconds: number) => void
  readonly now: () => Date
  request(changes?: {
    readonly drop?: string
    readonly image?: Partial<ImagePlan>
    readonly description?: string
  }): KojiRequest
  plan(changes?: Parameters<Bench['request']>[0]): Promise<KojiPlan>
  /** One step, with what an earlier one kept. */
  step(plan: KojiPlan, before?: Step | null, signal?: AbortSignal): Promise<Step>
  /** Another process with the same hub: another session. */
  another(): Promise<{ readonly steps: KojiSteps; readonly koji: KojiHub }>
  /** What a builder uploads as the image of a name. */
  readonly imageFor: (name: string) => { readonly path: string }
}

export const imageDescription = `build: image
target: f43
architectures: [x86_64, aarch64]
optional: [aarch64]
distro: Fedora-43
diskGigabytes: 5
flavours:
  generic: { name: Fedora-Cloud-Base, kickstart: cloud.ks }
  ec2: { name: Fedora-Cloud-Base-Generic, kickstart: cloud.ks }
`

const kickstart = `# ours
lang en_US.UTF-8
rootpw --lock
zerombr
clearpart --all --initlabel
%include disk.inc
reboot
%packages
@core
%end
`

export async function openBench(limits: Partial<KojiLimits> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-bench-'))
  let time = Date.parse('2026-11-22T08:00:00Z')
  const now = () => new Date(time)
  const hub = await startHub({ now: () => new Date(time++) })
  const stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  stack.use(hub)
  const log = pino({ level: 'silent' })
  const connect = () =>
    stack.use(
      connectHub({
        address: { url: hub.url, authority: null },
        files: { url: hub.files, authority: null },
        credentials: { kind: 'password', user: 'imagedrop', password: 'dummy-password' },
        log,
        pauses: [1, 1],
      }),
    )
  const all = { ...kojiLimits, ...limits }
  const koji = connect()
  const progress: Progress[] = []
  const logFile = join(folder, 'build.log')
  const disks = await (made ??= makeDisks())
  const steps = createKojiSteps(koji, all)
  const bench: Bench = {
    hub,
    koji,
    steps,
    folder,
    disks,
    progress,
    logFile,
    now,
    pass(milliseconds) {
      time += milliseconds
    },
    request({ drop = 'weekly-Fedora-43-20261121.n.0', image = {}, description = imageDescription } = {}) {
      const compose = {
        ...exampleCompose,
        id: 'Fedora-43-20261121.n.0',
        version: '43',
        type: 'nightly' as const,
        date: '20261121',
        label: null,
        location: 'https://kojipkgs.example.org/compose/43/Fedora-43-20261121.n.0/compose',
      }
      const wanted = {
        ...exampleImage,
        flavour: 'generic',
        architecture: 'x86_64' as const,
        recipe: 'fedora-43',
        ...image,
      }
      return {
        drop,
        compose,
        image: wanted,
        recipe: { name: 'fedora-43', digest: createHash('sha256').update(description).digest('hex') },
      }
    },
    async plan(changes = {}) {
      const place = await makeRecipe(folder, changes.description ?? imageDescription)
      return readPlan(bench.request(changes), place)
    },
    async step(plan, before = null, signal = AbortSignal.timeout(60_000)) {
      const state = before && 'wait' in before ? before.wait.state : null
      const work = join(folder, 'work')
      // The state goes through a ledger.
      const kept = JSON.parse(JSON.stringify(state)) as unknown
      return await steps.advance(plan, {
        signal,
        log,
        now,
        logFile,
        work,
        state: kept,
        progress: (one) => progress.push(one),
      })
    },
    another: () => {
      const other = connect()
      return Promise.resolve({ koji: other, steps: createKojiSteps(other, all) })
    },
    imageFor: (name) => ({ path: name.endsWith('.xz') ? disks.xz : name.endsWith('.qcow2') ? disks.qcow2 : disks.raw }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  return bench
}

/** A recipe of its own, with a kickstart in two files. */
async function makeRecipe(folder: string, description: string): Promise<RecipePlace> {
  const root = join(folder, 'recipes')
  const place = { root, folder: join(root, 'fedora-43') }
  const koji = join(place.folder, 'koji')
  await mkdir(koji, { recursive: true })
  await writeFile(join(koji, 'koji.yaml'), description)
  await writeFile(join(koji, 'cloud.ks'), kickstart)
  await writeFile(join(koji, 'disk.inc'), 'part / --size 3000 --fstype ext4 --label root\n')
  return place
}

let made: Promise<Bench['disks']> | null = null

/** One disk of 8 MiB with a boot sector, as raw, xz and qcow2; made once for all benches of a process. */
async function makeDisks(): Promise<Bench['disks']> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-disks-'))
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  const raw = join(folder, 'disk.raw')
  const disk = Buffer.alloc(8 * 1024 * 1024)
  for (let at = 512; at < 1024 * 1024; at += 4) disk.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at)
  disk.writeUInt16BE(0x55aa, 510)
  await writeFile(raw, disk)
  await run('xz', ['--keep', '-1', raw])
  const qcow2 = join(folder, 'disk.qcow2')
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2])
  return { raw, xz: `${raw}.xz`, qcow2 }
}
