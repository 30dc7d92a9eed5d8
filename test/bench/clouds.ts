import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, readFile, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import { run } from '#subprocess/run.ts'
import type { UploadOrder } from '../../services/ec2-publisher/cloud.ts'
import { standIn } from '../../services/ec2-publisher/stand-in.ts'
import { measureUsage } from './usage.ts'
import type { UploadFigures } from './upload-once.ts'

const block = 524_288
const mebibyte = 1024 ** 2
/** As the publisher's own processes have it (shared/publishing/own-process.ts); the emulator takes a fifth less time with it. */
const smallYoungSpace = '--max-semi-space-size=2'
/** As many as a release goes to. */
const regions =
  'us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ' +
  'ap-southeast-1 ap-southeast-2 ap-southeast-3 ca-central-1 eu-central-1 eu-north-1 eu-south-1 eu-west-1 eu-west-2 eu-west-3 ' +
  'me-south-1 sa-east-1'

/** What something took: seconds on the clock and of processors, of the program itself and of the emulator. */
interface Cost {
  readonly wall: number
  readonly processor: number
  readonly emulator: number
}

/**
 * Measures uploads of a disk to the emulated EC2, beside coldsnap where there is one: AWS's own uploader of snapshots, which is no part
 * of imagedrop.
 */
export async function* measureClouds(
  disk: string,
  coldsnap: string,
): AsyncGenerator<{ readonly name: string; readonly figures: Readonly<Record<string, number>> }> {
  const isThere = await run(coldsnap, ['--help']).then(
    () => true,
    () => false,
  )
  if (!isThere)
    yield {
      name: `no ${coldsnap} to measure beside: cargo install coldsnap --version 0.12.0, or DISK,/path/to/it`,
      figures: {},
    }
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-bench-'))
  try {
    const copy = join(folder, 'disk.raw')
    await run('cp', ['--reflink=auto', '--sparse=always', disk, copy])
    yield* measureRates(folder, copy, isThere ? coldsnap : null)
    yield* measureNext(folder, copy)
    for (const gibibytes of [2, 20]) {
      await truncate(copy, gibibytes * 1024 * mebibyte)
      await using place = await openPlace(folder)
      const { told } = await place.upload([await orderOf(copy, `of ${String(gibibytes)} GiB`)])
      yield { name: `the disk made ${String(gibibytes)} GiB, empty behind it`, figures: upload(told) }
    }
    yield* measureCopies(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const rounds = 3

/** By turns, so that what else the machine does troubles both alike. */
async function* measureRates(folder: string, disk: string, coldsnap: string | null) {
  await using place = await openPlace(folder)
  const ours: (Cost & UploadFigures)[] = []
  const theirs: Cost[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { told, cost } = await place.upload([await orderOf(disk, `round ${String(round)}`)])
    ours.push({ ...told, ...cost })
    if (coldsnap === null) continue
    const args = ['--endpoint', place.url, 'upload', '--no-progress', '--omit-zero-blocks', disk]
    theirs.push(await place.costOf(coldsnap, args))
  }
  const sent = (ours[0]?.bytes ?? 0) / mebibyte
  const [whole, sending, other] = [ours, ours.map((one) => ({ ...one, wall: one.sending })), theirs].map(medianOf)
  yield { name: `${String(sent)} MiB, registered and read back`, figures: costs(whole) }
  yield { name: '  of that, until the snapshot is completed', figures: { 'wall s': sending?.wall ?? 0 } }
  yield { name: '  the same by coldsnap, a snapshot alone', figures: costs(other) }
}

/** The disk of next week: five of a hundred blocks are others. */
async function* measureNext(folder: string, disk: string) {
  await using place = await openPlace(folder)
  const state = join(folder, 'state')
  await place.upload([await orderOf(disk, 'this week')], { state })
  const next = join(folder, 'next.raw')
  await run('cp', ['--reflink=auto', '--sparse=always', disk, next])
  const changed = await changeBlocks(next)
  const { told, cost } = await place.upload([await orderOf(next, 'next week')], { state })
  yield {
    name: `${String((changed * block) / mebibyte)} MiB of it changed`,
    figures: { ...costs(cost), 'sent MiB': told.bytes / mebibyte },
  }
  await rm(next)
}

async function changeBlocks(path: string): Promise<number> {
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  let changed = 0
  for (let at = 0; at + block <= size; at += 20 * block) {
    const was = Buffer.alloc(block)
    await file.read(was, 0, block, at)
    if (was.every((byte) => byte === 0)) continue
    was[block - 1] = ((was[block - 1] ?? 0) + 1) % 256
    await file.write(was, 0, block, at)
    changed += 1
  }
  return changed
}

/** Two architectures to 22 regions, where each copy takes five seconds. */
async function* measureCopies(folder: string) {
  const seconds = 5
  await using place = await openPlace(folder, seconds * 1000)
  const disk = join(folder, 'small.raw')
  await using file = await open(disk, 'w')
  await file.truncate(8 * mebibyte)
  await file.write(Buffer.alloc(block, 7))
  const orders = await Promise.all(
    (['x86_64', 'aarch64'] as const).map(async (architecture) => ({
      ...(await orderOf(disk, architecture)),
      architecture,
    })),
  )
  const { told, cost } = await place.upload(orders, { regions: regions.split(' ') })
  yield {
    name: `${String(told.places)} images in 22 regions, a copy taking ${String(seconds)} s`,
    figures: { ...costs(cost), 'wall s, copies': told.copying, 'memory MB': told.memory },
  }
}

async function orderOf(path: string, name: string): Promise<UploadOrder> {
  const digest = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: mebibyte }), digest)
  const { size } = await stat(path)
  return {
    drop: `weekly-${name.replaceAll(' ', '-')}`,
    image: 'ec2.x86_64',
    stream: 'weekly bench',
    compose: 'bench',
    name: `bench ${name}`,
    architecture: 'x86_64',
    firmware: null,
    disk: { path, sha256: digest.digest('hex'), size },
  }
}

/** An emulated cloud in a process of its own. */
async function openPlace(folder: string, copy = 250) {
  const state = join(folder, 'cloud')
  const program = join(import.meta.dirname, 'emulator-once.ts')
  const emulator = spawn(process.execPath, [smallYoungSpace, program, state, String(copy)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface(emulator.stdout), 'line')) as [string]
  const credentials = {
    AWS_ACCESS_KEY_ID: emulatorAccount.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulatorAccount.secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const ownSeconds = async () => await processorSeconds(emulator.pid ?? 0)
  const place = {
    url,
    /** Runs a program; what it prints is its result. */
    async measured(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
      const before = await ownSeconds()
      const { result, usage } = await measureUsage(async () => await run(command, args, { env }))
      const cost: Cost = { ...usage, emulator: (await ownSeconds()) - before }
      return { stdout: result.stdout, cost }
    },
    async costOf(command: string, args: readonly string[]): Promise<Cost> {
      return (await place.measured(command, args, credentials)).cost
    },
    async upload(orders: readonly UploadOrder[], given: { readonly state?: string; readonly regions?: string[] } = {}) {
      const args = [smallYoungSpace, join(import.meta.dirname, 'upload-once.ts'), JSON.stringify(orders)]
      if (given.state !== undefined) args.push(given.state)
      const { stdout, cost } = await place.measured(process.execPath, args, {
        ...credentials,
        ...standIn.settings(url),
        // As the publisher's own processes have it (shared/publishing/sdk-process.ts); the first of a host fills it.
        NODE_COMPILE_CACHE: join(folder, 'code'),
        IMAGEDROP_EC2_PUBLISHER_REGIONS: (given.regions ?? ['us-east-1']).join(','),
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

/** User and system time of a process (proc(5)), in ticks of a hundredth. */
async function processorSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function medianOf(all: readonly Cost[]): Cost {
  const middle = (of: (one: Cost) => number) => all.map(of).toSorted((one, other) => one - other)[all.length >> 1] ?? 0
  return {
    wall: middle(({ wall }) => wall),
    processor: middle(({ processor }) => processor),
    emulator: middle(({ emulator }) => emulator),
  }
}

function costs(cost: Cost | undefined) {
  return { 'wall s': cost?.wall ?? 0, 'processor s': cost?.processor ?? 0, 'emulator s': cost?.emulator ?? 0 }
}

function upload({ sending, bytes, memory }: UploadFigures) {
  return { 'sent MiB': bytes / mebibyte, 'wall s': sending, 'memory MB': memory }
}
