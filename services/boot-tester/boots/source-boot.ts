import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BootTest } from '../boot-report.ts'
import { followConsole } from '../console/console.ts'
import type { Phase } from '../console/phases.ts'
import type { DataSource } from '../datasources/datasource.ts'
import { GuestStopped, watchGuest, type Limits } from '../guest-watch.ts'
import { makeKeyPair } from '../guest/key-pair.ts'
import { namingPackage } from '../host-tools.ts'
import { plainHardware, type Hardware } from '../machines/hardware.ts'
import type { Machine } from '../machines/machine.ts'
import { watchScreen } from '../screen.ts'
import { facts, lineOf, tellingInstance } from './evidence.ts'
import { judgeSource, type Told } from './judge-source.ts'

interface SourceBootOptions {
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
  { workFolder, logFolder, signal, now, progress }: Parameters<BootTest>[1],
): ReturnType<BootTest> {
  const folder = join(workFolder, datasource.name)
  const logs = { machine: join(logFolder, 'qemu.log'), console: join(logFolder, 'console.log') }
  await rm(folder, { recursive: true, force: true })
  await Promise.all([mkdir(folder, { recursive: true }), mkdir(logFolder, { recursive: true })])
  const nonce = newNonce()
  const { publicKey } = await makeKeyPair(folder, signal)
  const instance = tellingInstance(nonce, publicKey)

  await using cloud = await datasource.open(instance, folder, signal)
  let start = now()
  const seconds = () => (now().getTime() - start.getTime()) / 1000
  const lines = facts.map((fact) => ({ fact, pattern: lineOf(nonce, fact) }))
  const end = lineOf(nonce, 'end')
  const phases: { name: Phase; seconds: number }[] = [{ name: 'firmware', seconds: 0 }]
  const screen = watchScreen(folder)
  using watch = watchGuest(limits, () => console.lastLine())
  const console = followConsole([...lines.map(({ pattern }) => pattern), end], {
    seconds,
    onPhase: (phase) => {
      phases.push({ name: phase, seconds: seconds() })
      progress({ phase })
    },
    onDeadEnd: (line) => {
      watch.stop(new GuestStopped(`the guest gave up: ${line}`))
    },
  })
  progress({ phase: 'firmware' })
  await using running = await machine.powerOn({
    architecture: image.architecture,
    image: { path, size: disk.size },
    hardware: hardware ?? plainHardware(image.architecture),
    cloud,
    folder,
    logs,
    signal,
    onConsole: (bytes) => {
      watch.touch()
      console.write(bytes)
    },
  })
  start = now()
  screen.show(running)
  running.ended.then((how) => {
    watch.stop(new GuestStopped(how))
  }, watch.stop)
  signal.addEventListener('abort', () => {
    watch.stop(signal.reason)
  })
  const stopped = await reasonToStop(watch.unlessStopped(console.seen(end)))
  if (phases.some(({ name }) => name === 'userspace')) await running.reachedUserspace()

  const told: Told = new Map(
    lines.flatMap(({ fact, pattern }) => {
      const sighting = console.found(pattern)
      return sighting ? [[fact, { value: sighting.match[1] ?? '', seconds: sighting.seconds }] as const] : []
    }),
  )
  const took = seconds()
  return {
    checks: judgeSource({ datasource, instance, told, requests: cloud.requests(), stopped, seconds: took }),
    console: logs.console,
    screenshots: await screen.finish(),
    requests: cloud.requestLog,
    accelerator: running.accelerator,
    seconds: took,
    phases,
  }
}

/** Why a guest stopped before it had told everything; null when it has. Everything else that is thrown goes on. */
async function reasonToStop(telling: Promise<unknown>): Promise<string | null> {
  try {
    await telling
    return null
  } catch (error) {
    if (!(error instanceof GuestStopped)) throw error
    return error.message
  }
}
