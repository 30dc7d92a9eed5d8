import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { cloudInitFinished } from '../../services/boot-tester/checks/cloud-init/check.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { followConsole } from '../../services/boot-tester/console/console.ts'
import { dataSourceNamed } from '../../services/boot-tester/datasources/index.ts'
import { newInstance } from '../../services/boot-tester/datasources/instance.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { createSourceBoots, type SourcesReport } from './support/boot-sources.ts'
import { buildDebian } from './support/build-debian.ts'
import { watchProcessors } from './support/processor-seconds.ts'
import { stopwatch } from './support/stopwatch.ts'

/** What generic images are for, beside the data source of the long boot. */
const generic = ['configdrive', 'openstack', 'cloudstack']
/** Each is booted by itself, and tells the same of other clouds. */
const others = ['nocloud-url', 'ec2', 'ec2-v1-and-v2', 'gce', 'azure']

// A machine that does much else is no reason to give up.
const limits = { idle: 400_000, total: 1_800_000 }
const newNonce = () => randomBytes(8).toString('hex')

/**
 * Boots an image in every cloud that it may meet, and tells what that costs beside one bare boot of the same image: in
 * time, and in processor seconds, which a busy machine spoils less. Takes the generic image of Debian 12, or a raw disk:
 * `npm run prove -- datasources DISK [SOURCE…]`; with names, those alone.
 */
export async function prove(): Promise<boolean> {
  const [, , , given, ...names] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-datasources-'))
  const disk = given ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (disk === null) return false
  const scene = await setScene(disk, folder)

  let isProven = true
  if (names.length === 0) {
    await scene.measure('bare boot', (context) => scene.bootBare(context))
    const report = await scene.measure(`nocloud, long; ${generic.join(', ')}`, scene.bootBy(generic, { long: true }))
    isProven = await tell(report)
  }
  for (const name of names.length === 0 ? others : names) {
    const report = await scene.measure(name, scene.bootBy([name]))
    isProven = (await tell(report)) && isProven
  }
  if (isProven) await rm(folder, { recursive: true })
  return isProven
}

async function setScene(path: string, folder: string) {
  const { size } = await stat(path)
  const image = { image: { ...exampleImage, recipe: 'debian-12' }, disk: { ...exampleArtifact('raw'), size }, path }
  const machine = createQemu({
    memoryMib: 1024,
    processors: 2,
    growBytes: 1024 ** 3,
    accelerator: 'auto',
    stateFolder: join(folder, 'boot-tester'),
    proveKvmWithin: 15_000,
  })
  const common = { machine, limits, newNonce }
  return {
    async measure<T>(what: string, work: (context: Context) => Promise<T>): Promise<T> {
      const own = join(folder, what.replaceAll(/[^a-z0-9]+/g, '-'))
      await mkdir(own)
      const clock = stopwatch()
      using processors = watchProcessors(own)
      const done = await work(contextIn(own))
      console.log(`${clock()}, ${processors.seconds().toFixed(0)} processor seconds: ${what}`)
      return done
    },

    bootBy: (names: readonly string[], { long = false } = {}) =>
      createSourceBoots({
        ...common,
        datasources: names.map(dataSourceNamed),
        ...(long ? { long: createBootTest({ ...common, datasource: noCloud, checks }) } : {}),
        atOnce: 2,
      }).bind(null, image),

    /** QEMU and nothing else, until cloud-init has finished. */
    async bootBare({ workFolder, logFolder, signal }: Context): Promise<void> {
      const instance = newInstance({ nonce: newNonce(), publicKey: 'ssh-ed25519 AAAA boot-test' })
      await using cloud = await noCloud.open(instance, workFolder, signal)
      const guest = followConsole([cloudInitFinished], { seconds: () => 0 })
      await using running = await machine.powerOn({
        architecture: 'x86_64',
        image: { path, size },
        hardware: plainHardware('x86_64'),
        cloud,
        folder: workFolder,
        logs: { machine: join(logFolder, 'qemu.log'), console: join(logFolder, 'console.log') },
        signal,
        onConsole: guest.write,
      })
      await Promise.race([guest.seen(cloudInitFinished), running.ended])
    },
  }
}

type Context = ReturnType<typeof contextIn>

function contextIn(folder: string) {
  return {
    signal: new AbortController().signal,
    progress: () => {},
    workFolder: folder,
    logFolder: folder,
    now: () => new Date(),
  }
}

/** Prints what each boot found; true when all of it is good. */
async function tell({ long, sources }: SourcesReport): Promise<boolean> {
  const reports = [...(long ? [{ ...long, name: 'nocloud, long', requests: null }] : []), ...sources]
  const wrong: string[] = []
  for (const { name, checks: found, seconds, requests } of reports) {
    const asked = requests === null ? [] : (await readFile(requests, 'utf8')).trimEnd().split('\n')
    const passed = found.filter(({ outcome }) => outcome === 'passed').length
    const counts = `${String(passed)} of ${String(found.length)} checks passed, ${String(asked.length)} requests`
    console.log(`        ${name}: ${seconds.toFixed(0)} s, ${counts}`)
    const others = found.filter(({ outcome }) => outcome !== 'passed')
    wrong.push(...others.map((one) => `        ${name}: ${one.outcome} ${one.name}: ${one.detail}`))
  }
  for (const line of wrong) console.log(line)
  return wrong.length === 0
}
