import { feedFile } from '../../feed-file.ts'
import { createHashedFile } from '../../hashed-file.ts'
import { createPieceFlow } from '../../pieces/piece-flow.ts'
import { blockSize } from '../../chunk.ts'
import type { Format } from '../format.ts'
import { block, tarEnd } from '../tar/tar.ts'
import { crcOfBoth } from './crc-of-both.ts'
import { createGzipCoder, deflatePart, readPart } from './gzip-coder.ts'
import { proveTarGz } from './prove-tar-gz.ts'
import { sparseHeader, type Stretch } from './sparse-header.ts'

/** Google Compute Engine takes disks of whole GiB only, and only under this name. */
const unit = 1024 ** 3
const memberName = 'disk.raw'

/**
 * The disk as Google Compute Engine imports it: the sparse member of a tar archive, in one gzip stream. Where data lies stands
 * in front of it and is known last, so the data waits in a file of its own, compressed.
 */
export function createTarGz(): Format {
  return {
    pieceSize: blockSize,
    async begin(conversion) {
      const { disk, time } = conversion
      const size = Math.ceil(disk.size / unit) * unit
      const spool = await conversion.draft('data.deflate')
      const data = await createHashedFile(spool.path, conversion)
      const show = conversion.track('tar.gz', disk.size)
      const stretches: Stretch[] = []
      let [crc, stored] = [0, 0]
      const flow = createPieceFlow(createGzipCoder(conversion), {
        cache: conversion.cache,
        path: disk.path,
        async write(encoded, { position, length, isZero }) {
          if (!isZero) {
            const part = readPart(encoded)
            crc = crcOfBoth(crc, part.crc, length)
            stored += length
            addStretch(stretches, { position, length })
            await data.append(part.bytes)
          }
          show(position + length)
        },
      })
      return {
        sink: flow,
        async finish() {
          await flow.done()
          await data.close()
          const draft = await conversion.draft('disk.tar.gz')
          const file = await createHashedFile(draft.path, conversion)
          const header = sparseHeader({ name: memberName, size, time, stretches })
          const end = tarEnd(stored, header.length / block)
          const first = await deflatePart(header, { isLast: false })
          const last = await deflatePart(end, { isLast: true })
          await file.append(Buffer.concat([gzipHeader, first.bytes]))
          for await (const chunk of feedFile(spool.path, () => undefined)) await file.append(chunk as Buffer)
          const crcOfAll = crcOfBoth(crcOfBoth(first.crc, crc, stored), last.crc, end.length)
          await file.append(Buffer.concat([last.bytes, trailer(crcOfAll, header.length + stored + end.length)]))
          const { sha256 } = await file.close()
          const made = { path: draft.path, sha256, member: { name: memberName, size } }
          return { draft, sha256, verify: () => proveTarGz(made, conversion) }
        },
      }
    },
  }
}

/** Deflate; no name, no time, no flags; an unknown system. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])

function trailer(crc: number, size: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(crc)
  bytes.writeUInt32LE(size % 2 ** 32, 4)
  return bytes
}

function addStretch(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1)
  if (last && last.position + last.length === next.position) {
    stretches[stretches.length - 1] = { position: last.position, length: last.length + next.length }
  } else {
    stretches.push(next)
  }
}
