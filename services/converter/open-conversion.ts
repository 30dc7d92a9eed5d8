import { join } from 'node:path'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { ImageBuilt } from '#events/image-built.ts'
import type { Context } from '#service/define.ts'
import { run } from '#subprocess/run.ts'
import type { CompressedDisk } from './compressed-disk.ts'
import { diskName } from './disk-name.ts'
import { createProgressSum } from './progress-sum.ts'
import type { Limits, Conversion } from './conversion.ts'
import { compressDisk } from './xz/compress.ts'

/** Opens the disk of an event and sets up what is made of it. Throws ArtifactMissing or ArtifactCorrupted. */
export async function openConversion(
  { disk, image, compose }: ImageBuilt,
  artifacts: ArtifactStore,
  limits: Limits,
  context: Pick<Context, 'signal' | 'progress' | 'logFolder'>,
): Promise<Conversion> {
  const path = await artifacts.open(disk, context.signal)
  const drafts = new AsyncDisposableStack()
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const log = join(context.logFolder, 'converter.log')
  const { deadline, idleDeadline } = limits
  const compressed = new Map<number, Promise<CompressedDisk>>()
  let bar = createProgressSum('', context.progress)

  const conversion: Conversion = {
    disk: { path, size: disk.size, sha256: disk.sha256 },
    diskName: diskName(image),
    time: new Date(compose.date.replace(/(....)(..)(..)/, '$1-$2-$3T00:00:00Z')),
    limits,
    signal,
    draft: async (name) => drafts.use(await artifacts.draft(name)),
    run: (tool, args, options) => run(tool, args, { signal, deadline, idleDeadline, log, ...options }),
    compress(level) {
      const stream = compressed.get(level) ?? compressDisk(level, conversion)
      compressed.set(level, stream)
      return stream
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
    [Symbol.asyncDispose]: () => drafts.disposeAsync(),
  }
  return conversion
}
