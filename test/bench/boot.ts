import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckResult } from '#events/vocabulary.ts'
import { testContext } from '#test/support/context.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { checkDisk } from '../../services/boot-tester/check-disk.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { cloudInitFinished } from '../../services/boot-tester/checks/cloud-init/check.ts'
import { followConsole } from '../../services/boot-tester/console/console.ts'
import { dataSourceNamed } from '../../services/boot-tester/datasources/index.ts'
import { newInstance } from '../../services/boot-tester/datasources/instance.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { writeTalkingDisk } from '../../services/boot-tester/testing/talking-disk.ts'
import { createSourceBoots } from '../prove/support/boot-sources.ts'
import { watchProcessors } from '../prove/support/processor-seconds.ts'

const mebi = 1024 ** 2
const gibi = 1024 ** 3
const generic = { flavour: 'generic', architecture: 'x86_64', recipe: 'debian-12' } as const
const deadline = 900_000

/**
 * What a boot test of an image costs beside bare boots of it to the last line of cloud-init, in the same machine; how long
 * after its deadline the evidence of a guest that hangs is there; and what the disk's checks cost. Milliseconds, but for the
 * ratios; processor time is the guests' alone.
 */
export async function measureBoot(image: string) {
  return await inFolder(async (folder) => {
    const before = await bootBare(image, join(folder, 'bare'))
    const tested = await measure(join(folder, 'tested'), (own) => bootTested(image, own))
    const bare = mean(before, await bootBare(image, join(folder, 'bare-again')))
    const disk = await measure(join(folder, 'disk'), (own) => checkDisk(image, { scratch: own }))
    return {
      'bare boot to the last line of cloud-init, before': before.wall,
      '  before and after, the mean': bare.wall,
      '  processor of these': bare.processor,
      'boot test to the verdict': tested.wall,
      '  its processor': tested.processor,
      'the test in bare boots': ratio(tested.wall, bare.wall),
      '  in processor time': ratio(tested.processor, bare.processor),
      'evidence after the deadline': await evidenceAfterDeadline(join(folder, 'hung')),
      'disk checks': disk.wall,
      '  MiB of the disk': Math.round((await stat(image)).size / mebi),
    }
  })
}

/** What the boots of a generic image by four data sources cost beside bare boots, the long one among them, two at a time. */
export async function measureSources(image: string) {
  return await inFolder(async (folder) => {
    const before = await bootBare(image, join(folder, 'bare'))
    const all = await measure(join(folder, 'sources'), (own) => bootSources(image, own))
    const bare = mean(before, await bootBare(image, join(folder, 'bare-again')))
    return {
      'bare boot to the last line of cloud-init, before': before.wall,
      '  before and after, the mean': bare.wall,
      '  processor of these': bare.processor,
      'boots by four data sources': all.wall,
      '  their processor': all.processor,
      'the sources in bare boots': ratio(all.wall, bare.wall),
      '  in processor time of bare boots': ratio(all.processor, bare.processor),
    }
  })
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-bench-boot-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Cost = Awaited<ReturnType<typeof measure>>

/** Does something in a folder of its own, and tells how long that took and what the guests in it worked. */
async function measure(folder: string, work: (folder: string) => Promise<unknown>) {
  await mkdir(folder, { recursive: true })
  using processors = watchProcessors(folder)
  const start = performance.now()
  await work(folder)
  return { wall: Math.round(performance.now() - start), processor: Math.round(processors.seconds() * 1000) }
}

/** What else the machine does changes meanwhile: what lies between two measurements is held against their mean. */
function mean(one: Cost, other: Cost): Cost {
  return {
    wall: Math.round((one.wall + other.wall) / 2),
    processor: Math.round((one.processor + other.processor) / 2),
  }
}

function ratio(one: number, other: number): number {
  return Math.round((one / other) * 100) / 100
}

async function bootBare(path: string, folder: string) {
  return await measure(folder, (own) => bootToTheLastLine(path, own))
}

async function bootToTheLastLine(path: string, folder: string): Promise<void> {
  const logs = { machine: join(folder, 'qemu.log'), console: join(folder, 'console.log') }
  const signal = AbortSignal.timeout(deadline)
  await using cloud = await noCloud.open(newInstance({ nonce: 'bench', publicKey: '' }), folder, signal)
  const console = followConsole([cloudInitFinished], { seconds: () => 0 })
  const size = (await stat(path)).size
  await using running = await machineIn(folder).powerOn({
    architecture: 'x86_64',
    image: { path, size },
    hardware: plainHardware('x86_64'),
    cloud,
    folder,
    logs,
    signal,
    onConsole: console.write,
  })
  const ended = running.ended.then((how) => {
    throw new Error(`the guest ended before cloud-init did: ${how}`)
  })
  await Promise.race([console.seen(cloudInitFinished), ended])
}

async function bootTested(path: string, folder: string): Promise<void> {
  const { report } = await test(path, folder, deadline)
  tellFailed('the boot test', report.checks)
}

async function bootSources(path: string, folder: string): Promise<void> {
  const common = {
    machine: machineIn(folder),
    limits: { idle: deadline, total: deadline },
    newNonce: () => randomBytes(8).toString('hex'),
  }
  const boots = createSourceBoots({
    ...common,
    datasources: ['configdrive', 'openstack', 'cloudstack'].map(dataSourceNamed),
    long: createBootTest({ ...common, datasource: noCloud, checks }),
    atOnce: 2,
  })
  const size = (await stat(path)).size
  const report = await boots({ image: generic, disk: { size }, path }, testContext({ folder }))
  tellFailed('the long boot', report.long?.checks ?? [])
  for (const { name, checks: found } of report.sources) tellFailed(name, found)
}

function tellFailed(what: string, found: readonly CheckResult[]): void {
  const failed = found.filter(({ outcome }) => outcome !== 'passed')
  if (failed.length === 0) return
  console.info(`${what}, not passed: ${failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`)
}

async function evidenceAfterDeadline(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'disk.raw')
  await writeTalkingDisk(path, { says: 'Linux version 6.1.0\r\n', next: 'hang' })
  const total = 5_000
  const { report, took } = await test(path, folder, total)
  if (report.screenshots.length === 0) throw new Error('there is no screenshot of the guest that hangs')
  return took - total
}

async function test(path: string, folder: string, total: number) {
  const bootTest = createBootTest({
    machine: machineIn(folder),
    datasource: noCloud,
    checks,
    limits: { idle: total, total },
    newNonce: () => 'c0ffee',
  })
  const size = (await stat(path)).size
  const start = performance.now()
  const report = await bootTest({ image: generic, disk: { size }, path }, testContext({ folder }))
  return { report, took: Math.round(performance.now() - start) }
}

function machineIn(stateFolder: string) {
  const size = { memoryMib: 1024, processors: 2, growBytes: 2 * gibi }
  return createQemu({ ...size, accelerator: 'tcg', stateFolder, proveKvmWithin: 1_000 })
}
