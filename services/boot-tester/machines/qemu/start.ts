import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { socketFolder } from '#files/socket-folder.ts'
import { TransientError } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import type { MachineParts, RunningMachine } from '../machine.ts'
import { qemuArguments, type QemuPlan } from './arguments.ts'
import { inCloudNetwork } from './cloud-network/plan.ts'
import { reachFromOutside } from './cloud-network/reach.ts'
import { consoleLog } from '../console-log.ts'
import { ControlLost, listenForControl, type Control } from './control.ts'
import { explainEnd } from './ends.ts'
import { copyVariables } from './firmware.ts'
import { copyOverlay, makeOverlay } from './overlay.ts'
import { followPower } from './power.ts'
import { takeScreenshot } from './screenshot.ts'
import { startTpm, TpmLost } from './tpm.ts'

/** What is decided about a machine before it starts. */
export interface StartOptions extends Omit<
  QemuPlan,
  'hardware' | 'tpm' | 'mayReset' | 'overlay' | 'disks' | 'identity' | 'servers' | 'control'
> {
  /** How much larger than the image the disk is. */
  readonly growBytes: number
}

/** QEMU as it runs. */
export type StartedQemu = Omit<RunningMachine, 'reachedUserspace'>

const quitWithin = 5_000
const tpmWithin = 1_000
/** Of the console, in milliseconds. */
const gatherTime = 20

/** Starts QEMU on a fresh overlay of the image. Throws PermanentError or TransientError when it does not start. */
export async function startQemu(parts: MachineParts, options: StartOptions): Promise<StartedQemu> {
  await using cleaning = new AsyncDisposableStack()
  const diskBytes = parts.image.size + options.growBytes
  const overlay = await makeOverlay(parts, diskBytes)
  cleaning.defer(() => rm(overlay, { force: true }))

  const sockets = await socketFolder(parts.folder)
  cleaning.defer(() => rm(sockets, { recursive: true, force: true }))
  const port = cleaning.use(await listenForControl(join(sockets, 'control')))

  const tpm = parts.hardware.tpm ? cleaning.use(await startTpm(parts, join(sockets, 'tpm'))) : null
  const firmware = await copyVariables(options.firmware, parts.folder)
  const { variables } = firmware ?? {}
  if (variables !== undefined) cleaning.defer(() => rm(variables, { force: true }))
  const { resets = 0 } = parts
  const off = new AbortController()
  const { disks, identity, servers } = parts.cloud
  const plan: QemuPlan = {
    ...options,
    hardware: parts.hardware,
    firmware,
    tpm: tpm?.socket ?? null,
    mayReset: resets > 0,
    overlay,
    disks,
    identity,
    servers,
    control: join(sockets, 'control'),
  }
  const network = servers.length === 0 ? null : { servers, ssh: join(sockets, 'ssh') }
  const power = followPower(resets, () => accepted)
  const command: [string, string[]] = [options.emulator.tool, qemuArguments(plan)]
  const qemu = run(...(network ? inCloudNetwork(network, ...command) : command), {
    signal: AbortSignal.any([parts.signal, off.signal]),
    log: parts.logs.machine,
    output: consoleLog(parts.logs.console, { gatherTime, onSign: power.onConsole, onBytes: parts.onConsole }),
  })
  const lost = qemu.then(
    () => {
      throw new TransientError(`${options.emulator.tool} ended though nobody told it to; see ${parts.logs.machine}`)
    },
    (error: unknown) => {
      throw parts.signal.aborted ? parts.signal.reason : explainEnd(error, options)
    },
  )
  // Whoever waits for these hears of it; when nobody does, it was us who took the power away.
  lost.catch(() => {})
  const unlessLost = async <T>(promise: Promise<T>): Promise<T> => {
    try {
      return await Promise.race([promise, lost])
    } catch (error) {
      // QEMU hangs up a moment before it ends, its TPM ends with it, and only its end says why.
      const patience = error instanceof ControlLost ? quitWithin : error instanceof TpmLost ? tpmWithin : 0
      await Promise.race([lost, sleep(patience, undefined, { ref: false })])
      throw error
    }
  }
  cleaning.defer(async () => {
    off.abort()
    await Promise.allSettled([qemu])
  })

  const accepted = port.accept(power.onEvent, AbortSignal.any([parts.signal, off.signal]))
  accepted.catch(() => {})
  const control = cleaning.use(await unlessLost(accepted))
  // Clean exit first, so that nothing is left to be killed.
  cleaning.defer(() => quit(control, qemu))
  const way = network
    ? cleaning.use(await reachFromOutside(network))
    : { port: await unlessLost(forwardedPort(control)) }
  const ssh = { host: '127.0.0.1', port: way.port }

  // What it said last is heard first.
  const ended = power.ended.then(async (how) => await sleep(2 * gatherTime, how))
  const endedOrLost = Promise.race([ended, lost, ...(tpm ? [unlessLost(tpm.lost)] : [])])
  endedOrLost.catch(() => {})
  const running = cleaning.move()
  return {
    accelerator: options.accelerator,
    diskBytes,
    ssh,
    ended: endedOrLost,
    powerDown: () => unlessLost(power.powerDown()),
    reboot: (signal) => unlessLost(power.reboot(signal)),
    copyDisk: (path, signal) => copyOverlay(overlay, path, signal),
    screenshot: (path) => unlessLost(takeScreenshot(control, path)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** QEMU has chosen a free port by itself, so that two machines never want the same one. */
async function forwardedPort(control: Control): Promise<number> {
  const table = await control.execute('human-monitor-command', { 'command-line': 'info usernet' })
  const port = /HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)/.exec(String(table))?.[1]
  if (port === undefined) throw new TransientError(`QEMU forwards no port: ${JSON.stringify(table)}`)
  return Number(port)
}

async function quit(control: Control, qemu: Promise<unknown>): Promise<void> {
  const patience = new AbortController()
  await Promise.race([
    Promise.allSettled([control.execute('quit'), qemu]),
    sleep(quitWithin, undefined, { signal: patience.signal }),
  ])
  patience.abort()
}
