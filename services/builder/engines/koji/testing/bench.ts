import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { expect } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { exampleCompose, exampleImage } from '#events/examples.ts'
import type { ComposeRef, ImagePlan } from '#events/vocabulary.ts'
import { startHub, type Hub } from '#test/fakes/koji/hub.ts'
import { readRecipe } from '../../../read-recipe.ts'
import type { BuildRequest, EngineContext } from '../../engine.ts'
import { packageList } from '../../installer/testing/disk.ts'
import { connectHub, type KojiHub } from '../hub/connect.ts'
import { fixedLimits, hour, minute, type KojiLimits } from '../limits.ts'
import { planKoji, type KojiPlan } from '../order/plan.ts'
import type { KojiWait } from '../patience.ts'
import { createKojiSteps, type KojiSteps } from '../steps.ts'
import { provideDisks, type Disks } from './disks.ts'

/** What one step comes to: a wait, or undefined when the disk is made. */
export type Step = KojiWait | undefined

export interface RequestChanges {
  readonly drop?: string
  readonly compose?: Partial<ComposeRef>
  readonly image?: Partial<ImagePlan>
  /** Text of `koji.yaml`. */
  readonly description?: string
  /** The recipe's kickstart for aarch64, where it is not the one for x86_64. */
  readonly otherKickstart?: string
}

/** A fake hub, who builds with it, a recipe and a clock: what tests of the engine begin with. */
export interface Bench extends AsyncDisposable {
  readonly hub: Hub
  readonly koji: KojiHub
  readonly steps: KojiSteps
  readonly folder: string
  /** Disks that builders may upload: the same one in each form, as our kickstart leaves it. */
  readonly disks: Disks
  readonly progress: Progress[]
  readonly logFile: string
  /** Lets time go by, for us and the hub. */
  readonly pass: (milliseconds: number) => void
  readonly now: () => Date
  plan(changes?: RequestChanges): Promise<KojiPlan>
  /** What a step is given, with what an earlier one kept. */
  contextOf(before?: Step | null, signal?: AbortSignal): EngineContext
  /** One step, with what an earlier one kept. */
  step(plan: KojiPlan, before?: Step | null, signal?: AbortSignal): Promise<Step>
  /** Another process with the same hub: another session. */
  another(): KojiSteps
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
  generic: { name: Fedora-Cloud-Base }
  ec2: { name: Fedora-Cloud-Base-Generic }
`

export const kickstart = `# ours
lang en_US.UTF-8
rootpw --lock
zerombr
clearpart --all --initlabel
%include ../../fedora/disk.ks
reboot
%packages
@core
%end
`

export const benchLimits: KojiLimits = {
  ...fixedLimits,
  poll: 5 * minute,
  queued: 12 * hour,
  silent: 1.5 * hour,
  total: 36 * hour,
  away: 6 * hour,
}

export async function openBench(limits: Partial<KojiLimits> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-bench-'))
  let time = Date.parse('2026-11-22T08:00:00Z')
  const now = () => new Date(time)
  const hub = await startHub({ now: () => new Date(time++) })
  const stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  stack.use(hub)
  const connect = () =>
    stack.use(
      connectHub({
        address: { url: hub.url, authority: null },
        files: { url: hub.files, authority: null },
        credentials: { kind: 'password', user: 'imagedrop', password: 'dummy-password' },
        pauses: [1, 1],
      }),
    )
  const all = { ...benchLimits, ...limits }
  const koji = connect()
  const progress: Progress[] = []
  const logFile = join(folder, 'build.log')
  const disks = await provideDisks()
  const steps = createKojiSteps(koji, all)
  const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
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
    plan: async (changes = {}) => planKoji(await requestWith(join(folder, 'recipes'), changes), folders),
    contextOf: (before = null, signal = AbortSignal.timeout(60_000)) => ({
      signal,
      log: pino({ level: 'silent' }),
      now,
      logFile,
      folders,
      // The state goes through a ledger.
      waited: before ? (JSON.parse(JSON.stringify(before.state)) as unknown) : undefined,
      progress: (one) => progress.push(one),
    }),
    step: (plan, before, signal) => steps.advance(plan, bench.contextOf(before, signal)),
    another: () => createKojiSteps(connect(), all),
    imageFor: (name) => ({ path: name.endsWith('.xz') ? disks.xz : name.endsWith('.qcow2') ? disks.qcow2 : disks.raw }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
  return bench
}

/** What a plan has made: the bench's disk, whose list of packages was taken out of it. */
export async function expectBuilt({ disks }: Pick<Bench, 'disks'>, plan: KojiPlan, step: Step): Promise<void> {
  expect(step).toBeUndefined()
  expect((await stat(plan.disk)).size).toBe((await stat(disks.raw)).size)
  expect(await readFile(plan.packages, 'utf8')).toBe(packageList)
}

/** A request for an image of a recipe that is written to a folder. */
export async function requestWith(root: string, changes: RequestChanges = {}): Promise<BuildRequest> {
  const { drop = 'weekly-Fedora-43-20261121.n.0', compose = {}, image = {}, description = imageDescription } = changes
  await makeRecipe(root, description, changes.otherKickstart ?? kickstart)
  return {
    drop,
    compose: {
      ...exampleCompose,
      id: 'Fedora-43-20261121.n.0',
      version: '43',
      type: 'nightly',
      date: '20261121',
      label: null,
      location: 'https://kojipkgs.example.org/compose/43/Fedora-43-20261121.n.0/compose',
      ...compose,
    },
    image: { ...exampleImage, flavour: 'generic', architecture: 'x86_64', recipe: 'fedora-43', ...image },
    recipe: await readRecipe('fedora-43', [root]),
    sources: { kind: 'distribution', mirror: null },
  }
}

/** A recipe of its own, with a kickstart in two files. */
async function makeRecipe(root: string, description: string, other: string): Promise<void> {
  const recipe =
    'title: Fedora 43\nfamily: fedora\nrelease: "43"\narchitectures: [i686, x86_64, aarch64]\nkickstart: F43\n'
  const flavours = ['generic', 'ec2'].flatMap((flavour) => [
    [`fedora-43/${flavour}/kickstart-i686.ks`, kickstart],
    [`fedora-43/${flavour}/kickstart-x86_64.ks`, kickstart],
    [`fedora-43/${flavour}/kickstart-aarch64.ks`, other],
  ])
  const files = [
    ['fedora/disk.ks', 'part / --size 3000 --fstype ext4 --label root'],
    ['fedora-43/recipe.yaml', recipe],
    ['fedora-43/koji.yaml', description],
    ['fedora-43/base/kickstart.ks', ''],
    ...flavours,
  ]
  for (const [path = '', content = ''] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}
