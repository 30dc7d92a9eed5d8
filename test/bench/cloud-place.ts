import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import { memoryFlags } from '#publishing/own-process.ts'
import { run } from '#subprocess/run.ts'
import type { UploadOrder } from '../../services/ec2-publisher/cloud.ts'
import { readEc2PublisherConfig } from '../../services/ec2-publisher/config.ts'
import type { Delays } from '../../services/ec2-publisher/emulator/world.ts'
import { standIn } from '../../services/ec2-publisher/stand-in.ts'
import type { UploadFigures } from './upload-once.ts'

const mebibyte = 1024 ** 2
/** What something took: seconds on the clock and of processors, of the program itself and of the emulator. */
export interface Cost {
  readonly wall: number
  readonly processor: number
  readonly emulator: number
}

/** A row of the bench. */
export interface Row {
  readonly name: string
  readonly figures: Readonly<Record<string, number>>
}

/**
 * An emulated cloud in a process of its own, in which things take as long as in tests unless it is said. It keeps memory as the publisher's
 * process does: by itself, V8 collects everything 30 times an upload, as what comes in counts as memory outside of a small heap.
 */
export async function openPlace(folder: string, delays: Partial<Delays> = {}) {
  const state = join(folder, 'cloud')
  const program = join(import.meta.dirname, 'emulator-once.ts')
  const options = [...memoryFlags, program, state, JSON.stringify(delays)]
  const emulator = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = (await once(createInterface(emulator.stdout), 'line')) as [string]
  const credentials = {
    AWS_ACCESS_KEY_ID: emulatorAccount.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorAccount.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const id = String(emulator.pid)
  const place = {
    url,
    /** Runs a program; what it prints is its result. */
    async measured(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
      const [its, emulators] = [await processorSeconds('self', ended), await processorSeconds(id, own)]
      const began = performance.now()
      const { stdout } = await run(command, args, { env })
      const cost: Cost = {
        wall: (performance.now() - began) / 1000,
        processor: (await processorSeconds('self', ended)) - its,
        emulator: (await processorSeconds(id, own)) - emulators,
      }
      return { stdout, cost }
    },
    async costOf(command: string, args: readonly string[]): Promise<Cost> {
      return (await place.measured(command, args, credentials)).cost
    },
    async upload(orders: readonly UploadOrder[], given: { readonly state?: string; readonly regions?: string[] } = {}) {
      const env = {
        ...standIn.settings(url),
        IMAGEDROP_EC2_PUBLISHER_REGIONS: (given.regions ?? ['us-east-1']).join(','),
      }
      const told = [readEc2PublisherConfig(env, given.state), orders].map((one) => JSON.stringify(one))
      const args = [...memoryFlags, join(import.meta.dirname, 'upload-once.ts'), ...told]
      const { stdout, cost } = await place.measured(process.execPath, args, {
        ...credentials,
        // As the publisher's own processes have it (shared/publishing/sdk-process.ts); the first of a host fills it.
        NODE_COMPILE_CACHE: join(folder, 'code'),
      })
      return { told: JSON.parse(stdout) as UploadFigures, cost }
    },
    async [Symbol.asyncDispose]() {
      const ended = once(emulator, 'exit')
      emulator.kill()
      await ended
      await rm(state, { recursive: true, force: true })
    },
  }
  return place
}

/** Where proc(5) has user and system time in what follows the name: of a process itself, and of its children that have ended. */
const own = [11, 12]
const ended = [13, 14]

/** Processor time in ticks of a hundredth. */
async function processorSeconds(id: string, fields: readonly number[]): Promise<number> {
  const text = await readFile(`/proc/${id}/stat`, 'utf8')
  const all = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.reduce((sum, field) => sum + Number(all[field]), 0) / 100
}

/** An order to upload a disk, under a name that no other has. */
export async function orderOf(path: string, name: string): Promise<UploadOrder> {
  const digest = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: mebibyte }), digest)
  const { size } = await stat(path)
  return {
    drop: `weekly-${name.replaceAll(' ', '-')}`,
    image: 'ec2.x86_64',
    stream: 'weekly bench',
    compose: 'bench',
    name: `bench ${name.replaceAll(/[^\w ]/g, '')}`,
    architecture: 'x86_64',
    firmware: null,
    disk: { path, sha256: digest.digest('hex'), size },
  }
}

/** A cost as figures of a row. */
export function costs(cost: Cost | undefined): Row['figures'] {
  return { 'wall s': cost?.wall ?? 0, 'processor s': cost?.processor ?? 0, 'emulator s': cost?.emulator ?? 0 }
}
