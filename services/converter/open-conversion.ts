import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageBuilt } from '#events/image-built.ts'
import type { FormatPlan } from '#events/vocabulary.ts'
import type { Context } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import { diskName } from './disk-name.ts'
import { createProgressSum } from './progress-sum.ts'
import type { Conversion, ConverterDependencies, Limits } from './conversion.ts'
import { createSlots } from './slots.ts'
import { settingsOf } from './xz/levels.ts'
import type { XzStream } from './compressed-disk.ts'
import { createXzStream } from './xz/xz-stream.ts'

/** Opens the disk of an event and sets up what is made of it. Throws ArtifactMissing or ArtifactCorrupted. */
export async function openConversion(
  { disk, image, compose }: ImageBuilt,
  { artifacts, limits, cache }: ConverterDependencies,
  context: Pick<Context, 'signal' | 'progress' | 'logFolder' | 'workFolder'>,
): Promise<Conversion> {
  const path = await artifacts.open(disk, context.signal)
  const ending = new AsyncDisposableStack()
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const log = join(context.logFolder, 'converter.log')
  const { deadline, idleDeadline } = limits
  const streams = new Map<number, XzStream>()
  let bar = createProgressSum('', context.progress)

  const conversion: Conversion = {
    disk: { path, size: disk.size, sha256: disk.sha256 },
    diskName: diskName(image),
    time: new Date(compose.date.replace(/(....)(..)(..)/, '$1-$2-$3T00:00:00Z')),
    limits,
    signal,
    draft: async (name) => ending.use(await artifacts.draft(name)),
    async scratch() {
      const path = join(context.workFolder, randomUUID())
      const file = await open(path, 'wx+')
      await rm(path)
      return file
    },
    // Its encoders fill all processors, and builds and guests go first: those have one way to go, and guests have clocks.
    run: (tool, args, options) => run(tool, args, { signal, deadline, idleDeadline, log, yields: true, ...options }),
    slots: createSlots(toolsAtOnce(image.formats, limits)),
    cache,
    xzStream(level) {
      const stream = streams.get(level) ?? createXzStream(level, conversion)
      streams.set(level, stream)
      return stream
    },
    xzStreams: () => [...streams.values()],
    atEnd: (work) => {
      ending.defer(work)
    },
    begin(phase) {
      bar = createProgressSum(phase, context.progress)
    },
    track: (label, total) => bar(label, total),
    async sideBySide(work) {
      const stopTheRest = (error: unknown) => {
        failed.abort(error)
        throw error
      }
      const results = await Promise.allSettled(work.map((one) => one().catch(stopTheRest)))
      signal.throwIfAborted()
      return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
  return conversion
}

/** As many as there are threads, or as the memory is enough for. Throws PermanentError where it is not enough for one. */
function toolsAtOnce(formats: readonly FormatPlan[], { threads, memoryMib }: Limits): number {
  const levels = formats.flatMap((plan) => ('level' in plan ? plan.level : []))
  const most = Math.max(1, ...levels.map((level) => settingsOf(level).memoryMib))
  if (most > memoryMib) {
    const wanted = `level ${String(Math.max(...levels))} of xz needs ${String(most)}`
    throw new PermanentError('environment', `IMAGEDROP_CONVERTER_MEMORY_MIB is ${String(memoryMib)}, but ${wanted}`)
  }
  return Math.min(threads, Math.floor(memoryMib / most))
}
