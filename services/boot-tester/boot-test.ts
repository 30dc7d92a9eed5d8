import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '#service/define.ts'
import type { BootTest } from './boot-report.ts'
import type { Check } from './checks/check.ts'
import { cloudInitFinished } from './checks/cloud-init/check.ts'
import type { DataSource } from './datasources/datasource.ts'
import { newInstance } from './datasources/instance.ts'
import { judge } from './findings.ts'
import { GuestStopped, type Limits } from './guest-watch.ts'
import { interview, type InterviewOptions } from './guest/interview.ts'
import { makeKeyPair } from './guest/key-pair.ts'
import { namingPackage } from './host-tools.ts'
import { plainHardware } from './machines/hardware.ts'
import type { Machine } from './machines/machine.ts'
import { expectedBy, observe, type Observation } from './observation.ts'

interface BootTestOptions {
  readonly machine: Machine
  readonly datasource: DataSource
  readonly checks: readonly Check[]
  readonly limits: Limits
  readonly newNonce: () => string
}

/** Boots an image as a cloud would, waits for its first boot to finish, and asks it what the checks want to know. */
export function createBootTest({ machine, datasource, checks, limits, newNonce }: BootTestOptions): BootTest {
  const bootTest: BootTest = async ({ image, disk, path }, context) => {
    const given = await prepare(context, newNonce())
    const { folder, nonce, publicKey, privateKeyFile } = given
    await using cloud = await datasource.open(newInstance({ nonce, publicKey }), folder, context.signal)
    using guest = observe({ checks, limits, nonce, recipe: image.recipe, context })
    await using running = await machine.powerOn({
      architecture: image.architecture,
      image: { path, size: disk.size },
      hardware: plainHardware(image.architecture),
      cloud,
      folder,
      logs: given.logs,
      signal: context.signal,
      onConsole: guest.onConsole,
    })
    guest.poweredOn()
    running.ended.then((how) => {
      guest.watch.stop(new GuestStopped(how))
    }, guest.watch.stop)

    const signal = AbortSignal.any([context.signal, guest.watch.signal])
    const log = join(context.logFolder, 'ssh.log')
    await untilStopped(guest, () => goThrough(guest, checks, { ...running.ssh, privateKeyFile, log, signal, nonce }))

    const seconds = guest.seconds()
    if (guest.reachedUserspace()) await running.reachedUserspace()
    const screenshot = join(folder, 'screenshot.png')
    const { reportedAs } = datasource
    const subject = { imageBytes: disk.size, diskBytes: running.diskBytes, reportedAs }
    return {
      checks: judge(checks, guest.findings, subject, seconds),
      // Complete once the machine is gone, which is before anybody gets this.
      console: given.logs.console,
      screenshot: (await running.screenshot(screenshot)) ? screenshot : null,
      accelerator: running.accelerator,
      seconds,
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
async function prepare(
  { workFolder, logFolder, signal }: Pick<Context, 'workFolder' | 'logFolder' | 'signal'>,
  nonce: string,
) {
  const folder = join(workFolder, 'boot')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await mkdir(logFolder, { recursive: true })
  const { privateKeyFile, publicKey } = await makeKeyPair(folder, signal)
  const logs = { machine: join(logFolder, 'qemu.log'), console: join(logFolder, 'console.log') }
  return { folder, nonce, publicKey, privateKeyFile, logs }
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
  await watch.unlessStopped(console.seen(cloudInitFinished))
  await interview({
    ...access,
    defaultUser: guest.defaultUser(),
    checks: checks.filter((check) => check.on === 'guest'),
    ...guest.beginInterview(),
  })
  await watch.unlessStopped(Promise.all(expectedBy(checks).map(console.seen)))
}
