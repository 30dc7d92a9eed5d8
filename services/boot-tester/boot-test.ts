import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckResult } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import type { BootContext, BootTest } from './boot-report.ts'
import type { Check } from './checks/check.ts'
import { cloudInitFinished } from './checks/cloud-init/check.ts'
import type { DataSource } from './datasources/datasource.ts'
import { newInstance } from './datasources/instance.ts'
import { judge } from './findings.ts'
import { GuestStopped, type Limits } from './guest-watch.ts'
import { interview, type InterviewOptions } from './guest/interview.ts'
import { makeKeyPair } from './guest/key-pair.ts'
import { namingPackage } from './host-tools.ts'
import { plainHardware, type Hardware } from './machines/hardware.ts'
import type { Machine } from './machines/machine.ts'
import { expectedBy, observe, type Observation } from './observation.ts'
import { watchScreen } from './screen.ts'

interface BootTestOptions {
  readonly machine: Machine
  /** The plainest of the image's architecture when left out. */
  readonly hardware?: Hardware
  readonly datasource: DataSource
  readonly checks: readonly Check[]
  readonly limits: Limits
  readonly newNonce: () => string
}

/** Boots an image as a cloud would, waits for its first boot to finish, and asks it what the checks want to know. */
export function createBootTest({ machine, hardware, datasource, checks, limits, newNonce }: BootTestOptions): BootTest {
  const bootTest: BootTest = async ({ image, disk, path }, context) => {
    const given = await prepare(context, newNonce())
    const { folder, nonce, publicKey, privateKeyFile } = given
    await using cloud = await datasource.open(newInstance({ nonce, publicKey }), folder, context.signal)
    const screen = watchScreen(folder)
    using guest = observe({ checks, limits, nonce, recipe: image.recipe, context, onMoment: screen.take })
    await using running = await machine.powerOn({
      architecture: image.architecture,
      image: { path, size: disk.size },
      hardware: hardware ?? plainHardware(image.architecture),
      cloud,
      folder,
      logs: given.logs,
      signal: context.signal,
      onConsole: guest.onConsole,
    })
    guest.poweredOn()
    screen.show(running)
    running.ended.then((how) => {
      guest.watch.stop(new GuestStopped(how))
    }, guest.watch.stop)

    const { ssh } = running
    if (ssh === null)
      throw new PermanentError('environment', 'no way leads to this guest by ssh: it can be asked nothing')
    const signal = AbortSignal.any([context.signal, guest.watch.signal])
    const log = join(context.logFolder, 'ssh.log')
    await untilStopped(guest, () => goThrough(guest, checks, { ...ssh, privateKeyFile, log, signal, nonce }))

    const seconds = guest.seconds()
    if (guest.reachedUserspace()) await running.reachedUserspace()
    const { reportedAs } = datasource
    const subject = { imageBytes: disk.size, diskBytes: running.diskBytes, reportedAs }
    return {
      checks: judge(checks, guest.findings, subject, seconds).map((result) => explain(result, checks, guest)),
      // Complete once the machine is gone, which is before anybody gets this.
      console: given.logs.console,
      screenshots: await screen.finish(),
      accelerator: running.accelerator,
      seconds,
      phases: [...guest.phases()],
      requests: cloud.requestLog,
    }
  }
  return async (image, context) => {
    try {
      return await bootTest(image, context)
    } catch (error) {
      throw namingPackage(error)
    }
  }
}

/** A fresh folder, whatever a killed run has left there, with a key of this boot's own. */
async function prepare({ workFolder, logFolder, signal }: BootContext, nonce: string) {
  const folder = join(workFolder, 'boot')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await mkdir(logFolder, { recursive: true })
  const { privateKeyFile, publicKey } = await makeKeyPair(folder, signal)
  const logs = { machine: join(logFolder, 'qemu.log'), console: join(logFolder, 'console.log') }
  return { folder, nonce, publicKey, privateKeyFile, logs }
}

/** A failure says what would have been right, and what the guest said at the time. */
function explain(result: CheckResult, checks: readonly Check[], { linesAround }: Observation): CheckResult {
  if (result.outcome !== 'failed') return result
  const expected = checks.find(({ name }) => name === result.name)?.description
  return { ...result, ...(expected === undefined ? {} : { expected }), lines: linesAround(result.seconds) }
}

/** A guest that stops is a finding. Everything else that is thrown goes on. */
async function untilStopped({ findings }: Observation, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof GuestStopped)) throw error
    findings.stopped = error.message
  }
}

type Access = Pick<InterviewOptions, 'host' | 'port' | 'privateKeyFile' | 'log' | 'signal' | 'nonce'>

async function goThrough(guest: Observation, checks: readonly Check[], access: Access): Promise<void> {
  const { watch, console } = guest
  // Who wants to see the console only does not wait for what is not asked.
  if (checks.some((check) => check.on !== 'console')) {
    await watch.unlessStopped(console.seen(cloudInitFinished))
    await interview({
      ...access,
      defaultUser: guest.defaultUser(),
      checks: checks.filter((check) => check.on === 'guest'),
      ...guest.beginInterview(),
    })
  }
  await watch.unlessStopped(Promise.all(expectedBy(checks).map(console.seen)))
}
