import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { FormatPlan } from '#events/vocabulary.ts'
import { NotTheDisk } from '../../failures.ts'
import { createHashedFile } from '../../hashed-file.ts'
import type { CompressedDisk } from '../../compressed-disk.ts'
import type { Conversion } from '../../conversion.ts'
import { compressBytes } from '../../xz/compress.ts'
import type { Format } from '../format.ts'
import { tarEnd, tarHeader } from './tar.ts'

/**
 * The disk as the only member of a tar archive. An .xz file may be several streams one after the other, so the
 * archive is the header, the very bytes of the raw.xz, and the end of the archive: the disk is not compressed again.
 */
export function createRawTarXz({ level }: Extract<FormatPlan, { format: 'raw.tar.xz' }>): Format {
  return {
    provesDisk: true,
    async make(conversion) {
      const { disk, diskName, time } = conversion
      const compressed = await conversion.compress(level)
      const header = await streamOf(
        'the tar header',
        tarHeader({ name: diskName, size: disk.size, time }),
        level,
        conversion,
      )
      const end = await streamOf('the end of the tar', tarEnd(disk.size), level, conversion)

      const draft = await conversion.draft('disk.raw.tar.xz')
      const sha256 = await join(draft.path, header.bytes, compressed, end.bytes, conversion.signal)
      const streams = [header.stream, compressed.stream, end.stream]
      compressed.proof.takeInstead({ format: 'raw.tar.xz', path: draft.path, sha256, streams })
      return { draft, sha256, verify: compressed.proof.prove }
    },
  }
}

async function streamOf(what: string, content: Buffer, level: number, conversion: Conversion) {
  const bytes = await compressBytes(content, level, conversion)
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { bytes, stream: { what, size: content.length, sha256, compressedSize: bytes.length } }
}

/** What is copied is read back from the raw.xz, and must be what was written there. */
async function join(path: string, header: Buffer, middle: CompressedDisk, end: Buffer, signal: AbortSignal) {
  const file = createHashedFile(path)
  const copied = createHash('sha256')
  async function* bytes() {
    yield header
    for await (const chunk of createReadStream(middle.draft.path, { highWaterMark: 256 * 1024 })) {
      copied.update(chunk as Buffer)
      yield chunk as Buffer
    }
    yield end
  }
  await pipeline(bytes, file.sink, { signal }).catch((error: unknown) => {
    throw file.failure() ?? error
  })
  const found = copied.digest('hex')
  if (found !== middle.sha256) throw new NotTheDisk(`the raw.xz reads as ${found} instead of ${middle.sha256}`)
  return file.digest().sha256
}
