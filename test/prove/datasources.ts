import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { readPartitionTable } from '#disk/partitions.ts'
import { sideBySide } from '#service/side-by-side.ts'
import { run } from '#subprocess/run.ts'
import type { BootContext, BootReport, BootTest } from '../../services/boot-tester/boot-report.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { createSourceBoot } from '../../services/boot-tester/boots/source-boot.ts'
import { cloudInitFinished } from '../../services/boot-tester/checks/cloud-init/check.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { followConsole } from '../../services/boot-tester/console/console.ts'
import { dataSourceNamed } from '../../services/boot-tester/datasources/index.ts'
import { newInstance } from '../../services/boot-tester/datasources/instance.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { damageRoot } from '../../services/boot-tester/testing/damages/damage.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian } from './support/build-debian.ts'
import { guestsHere } from './support/guests-here.ts'
import { watchProcessors } from './support/processor-seconds.ts'
import { onlyWarns } from './support/only-warns.ts'
import { tallyOf } from './support/tally.ts'

/** What generic images are told to look for beside NoCloud, which the long boot has. */
const own = ['configdrive', 'openstack', 'cloudstack', 'ec2']
/** Other ways of the same. */
const variants = ['nocloud-url', 'ec2-v1-and-v2']
/** What they are not told to look for: a copy is. */
const foreign = ['gce', 'azure']
const toldForeign = { '/etc/cloud/cloud.cfg.d/99_datasources.cfg': 'datasource_list: [GCE, Azure, None]\n' }

const memoryMib = 1024
// A machine that does much else is no reason to give up.
const limits = { idle: 400_000, total: 1_800_000 }
const newNonce = () => randomBytes(8).toString('hex')

/**
 * Boots an image in every cloud that it may meet, several guests at a time, and tells what its own sources cost beside one
 * bare boot of the same image: in time, and in processor seconds, which a busy machine spoils less. Takes the generic image of
 * Debian 12, or a raw disk: `npm run prove -- datasources DISK [SOURCE…]`; with names, short boots by those alone.
 */
export async function prove(): Promise<boolean> {
  const [, , , given, ...names] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-datasources-'))
  const disk = given ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (disk === null) return false
  const scene = await setScene(disk, folder)
  const tally = tallyOf('data sources')
  const bootBy = (name: string, work: BootTest) => async () => {
    let cost = 0
    await tally.try(name, async () => {
      const { done, processorSeconds } = await scene.boot(name, work)
      cost = processorSeconds
      return await tell(done)
    })
    return cost
  }
  const short = (name: string) => bootBy(name, scene.short(name))
  if (names.length > 0) await allOf(names.map(short))
  else {
    const bare = await scene.measure('bare boot', scene.bootBare)
    const all = await allOf([bootBy('nocloud, long', scene.long), ...own.map(short)])
    const [time, work] = [all.seconds / bare.seconds, all.processorSeconds / bare.processorSeconds]
    console.log(`all of its own sources: ${time.toFixed(1)} bare boots in time, ${work.toFixed(1)} in processor time`)
    await allOf([...variants, ...foreign].map(short))
  }
  const isProven = tally.conclude()
  if (isProven) await rm(folder, { recursive: true })
  else console.log(`what was seen is in ${folder}`)
  return isProven
}

/** Makes boots side by side, and tells how long all took and what processor time they cost. */
async function allOf(boots: readonly (() => Promise<number>)[]) {
  const start = performance.now()
  const costs = await sideBySide(boots, { atOnce: guestsHere(memoryMib), signal: new AbortController().signal })
  return { seconds: (performance.now() - start) / 1000, processorSeconds: costs.reduce((sum, one) => sum + one, 0) }
}

async function setScene(path: string, folder: string) {
  const { size } = await stat(path)
  const toldOfForeign = join(folder, 'told-of-foreign-clouds.raw')
  await run('cp', ['--reflink=auto', '--sparse=always', path, toldOfForeign])
  // Its last partition is the root.
  const root = (await readPartitionTable(path))?.partitions.at(-1)
  await damageRoot(toldOfForeign, { files: toldForeign }, { rootAt: root?.start ?? 0 })
  const machine = createQemu({
    memoryMib,
    processors: 2,
    growBytes: 1024 ** 3,
    accelerator: 'auto',
    stateFolder: join(folder, 'boot-tester'),
    proveKvmWithin: 15_000,
  })
  const common = { machine, limits, newNonce }
  const measure = async <T>(what: string, work: (context: BootContext) => Promise<T>) => {
    const place = join(folder, what.replaceAll(/[^a-z0-9]+/g, '-'))
    await mkdir(place)
    const start = performance.now()
    using processors = watchProcessors(place)
    const done = await work(contextIn(place))
    const seconds = (performance.now() - start) / 1000
    const processorSeconds = processors.seconds()
    console.log(`${seconds.toFixed(0).padStart(4)} s, ${processorSeconds.toFixed(0)} processor seconds: ${what}`)
    return { done, seconds, processorSeconds }
  }
  return {
    measure,
    boot: (name: string, work: BootTest) =>
      measure(name, (context) =>
        work(
          {
            image: { ...exampleImage, recipe: 'debian-12' },
            disk: { ...exampleArtifact('raw'), size },
            path: foreign.includes(name) ? toldOfForeign : path,
          },
          context,
        ),
      ),
    long: createBootTest({ ...common, datasource: noCloud, checks }),
    short: (name: string) => createSourceBoot({ ...common, datasource: dataSourceNamed(name) }),

    /** QEMU and nothing else, until cloud-init has finished. */
    bootBare: async ({ workFolder, logFolder, signal }: BootContext): Promise<void> => {
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

function contextIn(folder: string): BootContext {
  return {
    signal: new AbortController().signal,
    progress: () => {},
    workFolder: folder,
    logFolder: folder,
    now: () => new Date(),
  }
}

/** Prints what a boot found; true when all of it is good. What is skipped had nothing to judge, or another check has failed. */
async function tell({ checks: found, seconds, requests }: BootReport): Promise<boolean> {
  const asked = requests === null ? [] : (await readFile(requests, 'utf8')).trimEnd().split('\n')
  const passed = found.filter(({ outcome }) => outcome === 'passed').length
  const counts = `${String(passed)} of ${String(found.length)} checks passed, ${String(asked.length)} requests`
  console.log(`        ${seconds.toFixed(0)} s after power-on: ${counts}`)
  const others = found.filter(({ outcome }) => outcome !== 'passed')
  for (const { name, outcome, detail } of others) console.log(`        ${outcome} ${name}: ${detail}`)
  return others.every((check) => check.outcome === 'skipped' || onlyWarns(check))
}
