import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BootTest } from '../boot-report.ts'
import type { DataSource } from '../datasources/datasource.ts'
import { GuestStopped, type Limits } from '../guest-watch.ts'
import { makeKeyPair } from '../guest/key-pair.ts'
import { namingPackage } from '../host-tools.ts'
import { plainHardware, type Hardware } from '../machines/hardware.ts'
import type { Machine } from '../machines/machine.ts'
import { watchScreen } from '../screen.ts'
import { tellingInstance } from '#publishing/telling-guest.ts'
import { judgeSource } from './judge-source.ts'
import { listen } from './listen.ts'

/** How a short boot is made. */
export interface SourceBootOptions {
  readonly machine: Machine
  readonly datasource: DataSource
  /** The plainest of the image's architecture when left out. */
  readonly hardware?: Hardware
  readonly limits: Limits
  readonly newNonce: () => string
}

/**
 * A first boot that finds out whether the image learns from one data source what it must, and nothing else: the guest
 * tells on its console while it boots, and the power is taken away as soon as it has told. Everything else about the
 * image has to be asked in one boot of the long kind.
 */
export function createSourceBoot(options: SourceBootOptions): BootTest {
  return async (image, context) => {
    try {
      return await bootOnce(options, image, context)
    } catch (error) {
      throw namingPackage(error)
    }
  }
}

async function bootOnce(
  { machine, datasource, hardware, limits, newNonce }: SourceBootOptions,
  { image, disk, path }: Parameters<BootTest>[0],
  context: Parameters<BootTest>[1],
): ReturnType<BootTest> {
  const { signal } = context
  const { folder, logs } = await prepare(context, datasource.name)
  const nonce = newNonce()
  const { publicKey } = await makeKeyPair(folder, signal)
  const instance = tellingInstance(nonce, publicKey)

  await using cloud = await datasource.open(instance, folder, signal)
  const screen = watchScreen(folder)
  using guest = listen(nonce, limits, context)
  await using running = await machine.powerOn({
    architecture: image.architecture,
    image: { path, size: disk.size },
    hardware: hardware ?? plainHardware(image.architecture),
    cloud,
    folder,
    logs,
    signal,
    onConsole: guest.onConsole,
  })
  guest.poweredOn()
  screen.show(running)
  running.ended.then((how) => {
    guest.watch.stop(new GuestStopped(how))
  }, guest.watch.stop)
  const stopped = await guest.toldAll()
  const seconds = guest.seconds()
  if (guest.reachedUserspace()) await running.reachedUserspace()

  const requests = cloud.requests()
  return {
    checks: judgeSource({
      datasource,
      instance,
      ...(running.instanceId === undefined ? {} : { instanceId: running.instanceId }),
      told: guest.told(),
      requests,
      stopped,
      seconds,
    }),
    console: logs.console,
    screenshots: await screen.finish(),
    requests: cloud.requestLog,
    accelerator: running.accelerator,
    seconds,
    phases: [...guest.phases()],
  }
}

/** A fresh folder, whatever a killed run has left there. */
async function prepare({ workFolder, logFolder }: Parameters<BootTest>[1], name: string) {
  const folder = join(workFolder, name)
  await rm(folder, { recursive: true, force: true })
  await Promise.all([mkdir(folder, { recursive: true }), mkdir(logFolder, { recursive: true })])
  return { folder, logs: { machine: join(logFolder, 'qemu.log'), console: join(logFolder, 'console.log') } }
}
