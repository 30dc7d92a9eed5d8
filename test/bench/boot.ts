import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testContext } from '#test/support/context.ts'
import { createBootTest } from '../../services/boot-tester/boot-test.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { cloudInitFinished } from '../../services/boot-tester/checks/cloud-init/check.ts'
import { followConsole } from '../../services/boot-tester/console/console.ts'
import { newInstance } from '../../services/boot-tester/datasources/instance.ts'
import { noCloud } from '../../services/boot-tester/datasources/nocloud/datasource.ts'
import { plainHardware } from '../../services/boot-tester/machines/hardware.ts'
import { createQemu } from '../../services/boot-tester/machines/qemu/qemu.ts'
import { writeTalkingDisk } from '../../services/boot-tester/testing/talking-disk.ts'

const gibi = 1024 ** 3
const deadline = 900_000

/**
 * What a boot test of an image costs beside a bare boot of it to the last line of cloud-init, in the same machine, and how
 * long after its deadline the evidence of a guest that hangs is there. Milliseconds, but for the ratio.
 */
export async function measureBoot(image: string) {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-bench-boot-'))
  try {
    const bare = await bootBare(image, join(folder, 'bare'))
    const tested = await bootTested(image, join(folder, 'tested'))
    const late = await evidenceAfterDeadline(join(folder, 'hung'))
    return {
      'bare boot to the last line of cloud-init': bare,
      'boot test to the verdict': tested,
      'the test in bare boots': Math.round((tested / bare) * 100) / 100,
      'evidence after the deadline': late,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function bootBare(path: string, folder: string): Promise<number> {
  const logs = { machine: join(folder, 'qemu.log'), console: join(folder, 'console.log') }
  await mkdir(folder, { recursive: true })
  const signal = AbortSignal.timeout(deadline)
  const start = performance.now()
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
  return Math.round(performance.now() - start)
}

async function bootTested(path: string, folder: string): Promise<number> {
  const { report, took } = await test(path, folder, deadline)
  const failed = report.checks.filter(({ outcome }) => outcome !== 'passed')
  if (failed.length > 0)
    console.info(`not passed: ${failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ')}`)
  return took
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
  const image = { flavour: 'generic', architecture: 'x86_64', recipe: 'debian-12' } as const
  const start = performance.now()
  const report = await bootTest({ image, disk: { size }, path }, testContext({ folder }))
  return { report, took: Math.round(performance.now() - start) }
}

function machineIn(stateFolder: string) {
  const size = { memoryMib: 1024, processors: 2, growBytes: 2 * gibi }
  return createQemu({ ...size, accelerator: 'tcg', stateFolder, proveKvmWithin: 1_000 })
}
