import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckResult } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import type { BootContext, BootReport, BootTest, DiskUnderTest } from './boot-report.ts'
import type { Check, LaterCheck } from './checks/check.ts'
import { cloudInitFinished } from './checks/cloud-init/check.ts'
import type { DataSource } from './datasources/datasource.ts'
import { newInstance } from './datasources/instance.ts'
import { judge } from './findings.ts'
import { GuestStopped, type Limits } from './guest-watch.ts'
import { interview, type InterviewOptions } from './guest/interview.ts'
import { makeKeyPair } from './guest/key-pair.ts'
import { namingPackage } from './host-tools.ts'
import { bootAsAnother } from './lives/boot-as-another.ts'
import { liveOn } from './lives/live-on.ts'
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
  /** Each takes the guest through more of its life; none when left out. */
  readonly later?: readonly LaterCheck[]
  readonly limits: Limits
  readonly newNonce: () => string
}

/**
 * Boots an image as a cloud would, waits for its first boot to finish, asks it what the checks want to know, and lets it live
 * on as long as there is something to learn of that.
 */
export function createBootTest(options: BootTestOptions): BootTest {
  return async (image, context) => {
    try {
      return await bootTest(options, image, context)
    } catch (error) {
      throw namingPackage(error)
    }
  }
}

async function bootTest(options: BootTestOptions, image: DiskUnderTest, context: BootContext): Promise<BootReport> {
  const { folder, ...given } = await prepare(context, options.newNonce())
  const { report, disk } = await bootFirst(options, image, context, { folder, ...given })
  const checks = options.later?.filter((check) => check.on === 'new-instance') ?? []
  if (disk === null || checks.length === 0) return report
  try {
    const newNonce = () => `${given.nonce}-again`
    return await bootAsAnother({ disk, checks, image, first: report }, { ...options, newNonce }, context)
  } finally {
    await rm(disk, { force: true })
  }
}

/** Its machine is gone when this resolves. */
async function bootFirst(
  { machine, hardware, datasource, checks, later = [], limits }: BootTestOptions,
  image: DiskUnderTest,
  context: BootContext,
  given: Awaited<ReturnType<typeof prepare>>,
): Promise<{ readonly report: BootReport; readonly disk: string | null }> {
  const { folder, nonce, publicKey, privateKeyFile } = given
  await using cloud = await datasource.open(newInstance({ nonce, publicKey }), folder, context.signal)
  const screen = watchScreen(folder)
  using guest = observe({ checks, limits, nonce, recipe: image.image.recipe, context, onMoment: screen.take })
  const ears = new Set([guest.onConsole])
  await using running = await machine.powerOn({
    architecture: image.image.architecture,
    image: { path: image.path, size: image.disk.size },
    hardware: hardware ?? plainHardware(image.image.architecture),
    cloud,
    folder,
    logs: given.logs,
    signal: context.signal,
    onConsole: (bytes) => {
      for (const hear of ears) hear(bytes)
    },
  })
  guest.poweredOn(running)
  screen.show(running)
  running.ended.then((how) => {
    guest.watch.stop(new GuestStopped(how))
  }, guest.watch.stop)

  const signal = AbortSignal.any([context.signal, guest.watch.signal])
  const { ssh } = running
  if (ssh === null)
    throw new PermanentError('environment', 'no way leads to this guest by ssh: it can be asked nothing')
  const access = { ...ssh, privateKeyFile, log: join(context.logFolder, 'ssh.log'), nonce }
  await untilStopped(guest, () => goThrough(guest, { checks, isAsked: later.length > 0 }, { ...access, signal }))
  const firstSeconds = guest.seconds()
  if (guest.reachedUserspace()) await running.reachedUserspace()
  const subject = {
    imageBytes: image.disk.size,
    diskBytes: running.diskBytes,
    reportedAs: datasource.reportedAs,
  }
  const judged = judge(checks, guest.findings, subject, firstSeconds)
  const ofLater = await liveOn(later, {
    running,
    ears,
    observation: guest,
    access: { ...access, user: guest.defaultUser() },
    limits,
    folder,
    context,
  })
  return {
    report: {
      checks: [...judged, ...ofLater.results].map((result) => explain(result, [...checks, ...later], guest)),
      // Complete once the machine is gone, which is before anybody gets this.
      console: given.logs.console,
      screenshots: await screen.finish(),
      accelerator: running.accelerator,
      seconds: guest.seconds(),
      phases: [...guest.phases()],
      requests: cloud.requestLog,
    },
    disk: ofLater.disk,
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
function explain(
  result: CheckResult,
  checks: readonly (Check | LaterCheck)[],
  { linesAround }: Observation,
): CheckResult {
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

interface Wanted {
  readonly checks: readonly Check[]
  /** It is asked something though no check of its first boot wants it. */
  readonly isAsked: boolean
}

async function goThrough(guest: Observation, { checks, isAsked }: Wanted, access: Access): Promise<void> {
  const { watch, console } = guest
  // Who wants to see the console only does not wait for what is not asked.
  if (isAsked || checks.some((check) => check.on !== 'console')) {
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
