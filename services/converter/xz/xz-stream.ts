import type { Appended, StreamPart, XzStream } from '../compressed-disk.ts'
import type { Conversion } from '../conversion.ts'
import { createPieceFlow } from '../pieces/piece-flow.ts'
import { onlyBlock, streamEnd, streamHeader, type XzBlock } from './container.ts'
import { createSharedProof } from './shared-proof.ts'
import { createXzCoder } from './xz-coder.ts'

/** Begins the stream of a level; it hears of the disk, and files are added to it before. */
export function createXzStream(level: number, conversion: Conversion): XzStream {
  const { disk } = conversion
  const files: Appended[] = []
  const blocks: Pick<XzBlock, 'unpaddedSize' | 'uncompressedSize'>[] = []
  const show = conversion.track('xz', disk.size)
  let compressedSize = 0
  const append = async (bytes: Buffer) => {
    compressedSize += bytes.length
    await Promise.all(files.map((file) => file.append(bytes)))
  }
  const flow = createPieceFlow(createXzCoder(level, conversion), {
    cache: conversion.cache,
    path: disk.path,
    async write(encoded, { position, length }) {
      if (position === 0) await append(streamHeader())
      const { parts, unpaddedSize, uncompressedSize } = onlyBlock(encoded)
      blocks.push({ unpaddedSize, uncompressedSize })
      for (const bytes of parts) await append(bytes)
      show(position + length)
    },
  })
  async function end(): Promise<StreamPart> {
    await flow.done()
    await append(streamEnd(blocks))
    return { what: 'the disk', size: disk.size, sha256: disk.sha256, compressedSize }
  }
  let ended: Promise<StreamPart> | null = null
  return {
    writeInto: (file) => void files.push(file),
    take: flow.take,
    done: () => (ended ??= end()),
    proof: createSharedProof(conversion),
  }
}
