import { hash } from 'node:crypto'
import type { FormatPlan } from '#events/vocabulary.ts'
import type { Conversion } from '../../conversion.ts'
import { createHashedFile } from '../../hashed-file.ts'
import { settingsOf } from '../../xz/levels.ts'
import { createXzCoder } from '../../xz/xz-coder.ts'
import type { Format } from '../format.ts'
import { tarEnd, tarHeader } from '../tar/tar.ts'

/**
 * The disk as the only member of a tar archive. An .xz file may be several streams one after the other, so the archive is
 * the header, the stream that is also the raw.xz, and the end of the archive: the disk is not compressed again.
 */
export function createRawTarXz({ level }: Extract<FormatPlan, { format: 'raw.tar.xz' }>): Format {
  return {
    pieceSize: settingsOf(level).blockSize,
    async begin(conversion) {
      const { disk, diskName, time } = conversion
      const draft = await conversion.draft('disk.raw.tar.xz')
      const file = await createHashedFile(draft.path, conversion)
      const header = await streamOf(
        'the tar header',
        tarHeader({ name: diskName, size: disk.size, time }),
        level,
        conversion,
      )
      await file.append(header.bytes)
      const stream = conversion.xzStream(level)
      stream.writeInto(file)
      return {
        async finish() {
          const part = await stream.done()
          const end = await streamOf('the end of the tar', tarEnd(disk.size), level, conversion)
          await file.append(end.bytes)
          const { sha256 } = await file.close()
          const made = { format: 'raw.tar.xz', path: draft.path, sha256, streams: [header.part, part, end.part] }
          stream.proof.add(made)
          return { draft, sha256, verify: () => stream.proof.prove(made) }
        },
      }
    },
  }
}

async function streamOf(what: string, content: Buffer, level: number, conversion: Conversion) {
  const [bytes = Buffer.alloc(0)] = await createXzCoder(level, conversion).encode([content])
  return { bytes, part: { what, size: content.length, sha256: hash('sha256', content), compressedSize: bytes.length } }
}
