import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { exampleArtifact, exampleImage } from '#events/examples.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { createSourceBoots } from '../../services/boot-tester/boots/boot-sources.ts'
import { cloudInitFinished } from '../../services/boot-tester/checks/cloud-init/check.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { followConsole } from '../../services/boot-tester/console/console.ts'
import { dataSources } from '../../services/boot-tester/datasources/index.ts'
import { newInstance } from '../../services/boot-tester/datasources/instance.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { createMkosiEngine } from '../../services/builder/engines/mkosi/engine.ts'
import { buildDebian } from './support/build-debian.ts'
import { watchProcessors } from './support/processor-seconds.ts'
import { stopwatch } from './support/stopwatch.ts'

/** What generic images are for: their long boot has the first, and each of the others a short one. */
const generic = ['configdrive', 'openstack', 'cloudstack']
/** Each is booted by itself, and tells the same of other clouds. */
const others = ['nocloud-url', 'ec2', 'ec2-v1-and-v2', 'gce', 'azure']

const limits = { idle: 400_000, total: 1_800_000 }

/**
 * Boots an image in every cloud that it may meet, and tells what that costs beside one bare boot of the same image: in
 * time, and in processor seconds, which a busy machine spoils less. Takes the generic image of Debian 12, or a raw disk:
 * `npm run prove -- datasources DISK [SOURCE…]`; with names, those alone.
 */
export async function prove(): Promise<boolean> {
  const [, , , given, ...names] = process.argv
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-datasources-'))
  const path = given ?? (await buildDebian(createMkosiEngine({ deadline: 3_600_000, idleDeadline: 900_000 }), folder))
  if (path === null) return false
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
  const common = { machine, limits, newNonce: () => randomBytes(8).toString('hex') }
  let isProven = true

  const measure = async <T>(what: string, work: (context: ReturnType<typeof contextIn>) => Promise<T>): Promise<T> => {
    const own = join(folder, what.replaceAll(/[^a-z0-9]+/gi, '-'))
    await mkdir(own)
    const clock = stopwatch()
    using processors = watchProcessors(own)
    const done = await work(contextIn(own))
    console.log(`${what}: ${clock()}, ${processors.seconds().toFixed(0)} processor seconds`)
    return done
  }
  const bootFor = (sources: readonly string[], atOnce: number) => async (context: ReturnType<typeof contextIn>) => {
    const datasources = sources.map((name) => {
      const found = dataSources.find((one) => one.name === name)
      if (!found)
        throw new Error(`there is no data source "${name}"; there are ${dataSources.map((one) => one.name).join(', ')}`)
      return found
    })
    const reports = await createSourceBoots({ ...common, datasources, atOnce })(image, context)
    for (const report of reports) {
      const wrong = report.checks.filter(({ outcome }) => outcome !== 'passed')
      const asked = report.requests === null ? '' : await readFile(report.requests, 'utf8')
      console.log(
        `  ${report.name}: ${String(report.checks.length - wrong.length)} of ${String(report.checks.length)} checks passed in ` +
          `${report.seconds.toFixed(0)} s, ${String(asked.split('\n').length - 1)} requests`,
      )
      for (const { name, outcome, detail } of wrong) console.log(`    ${outcome} ${name}: ${detail}`)
      isProven &&= wrong.length === 0
    }
  }

  if (names.length > 0) {
    for (const name of names) await measure(`by ${name}`, bootFor([name], 1))
    return isProven
  }
  await measure('bare boot', async ({ workFolder, logFolder, signal }) => {
    const instance = newInstance({ nonce: common.newNonce(), publicKey: 'ssh-ed25519 AAAA boot-test' })
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
  })
  const long = await measure('long boot', (context) =>
    createBootTest({ ...common, datasource: noCloud, checks })(image, context),
  )
  isProven &&= long.checks.every(({ outcome }) => outcome === 'passed')
  await measure(`${generic.join(', ')} side by side`, bootFor(generic, 2))
  for (const name of others) await measure(`by ${name}`, bootFor([name], 1))
  if (isProven) await rm(folder, { recursive: true })
  return isProven
}

function contextIn(folder: string) {
  return {
    signal: new AbortController().signal,
    progress: () => {},
    workFolder: folder,
    logFolder: folder,
    now: () => new Date(),
  }
}
