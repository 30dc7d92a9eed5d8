import { crc32 } from 'node:zlib'

/** A block of an .xz stream, as it stands between the stream's header and its index (xz file format, section 3). */
export interface XzBlock {
  /** Its bytes, in pieces: they are put together once, where it is written. */
  readonly parts: readonly Buffer[]
  /** Without the padding at its end. */
  readonly unpaddedSize: number
  readonly uncompressedSize: number
}

const headerSize = 12
const footerSize = 12
/** Of a CRC-64. */
const checkSize = 8
/** In a block's flags: its compressed and its uncompressed size stand in its header. */
const sizesKnown = 0xc0

/** Takes the only block out of a stream. */
export function onlyBlock(stream: Buffer): XzBlock {
  const [block, ...others] = blocksOf(stream)
  if (block && others.length === 0) return block
  throw new Error(`expected an xz stream of one block, got one of ${String(others.length + (block ? 1 : 0))}`)
}

/** Takes the blocks out of a stream; each is the same as if it had been compressed alone. Its sizes are in its header. */
export function blocksOf(stream: Buffer): XzBlock[] {
  const indexSize = (stream.readUInt32LE(stream.length - 8) + 1) * 4
  const index = stream.subarray(stream.length - footerSize - indexSize, stream.length - footerSize)
  const [count, afterCount] = readNumber(index, 1)
  const blocks: XzBlock[] = []
  let start = headerSize
  for (let done = 0, at = afterCount; done < count; done += 1) {
    const [unpaddedSize, afterUnpadded] = readNumber(index, at)
    const [uncompressedSize, afterBoth] = readNumber(index, afterUnpadded)
    const end = start + Math.ceil(unpaddedSize / 4) * 4
    // 7-Zip ends what it was not told the size of with a block that holds nothing.
    if (uncompressedSize > 0) {
      blocks.push(withSizes(stream.subarray(start, end), { unpaddedSize, uncompressedSize }))
    }
    start = end
    at = afterBoth
  }
  return blocks
}

/**
 * Puts its sizes into a block's header, if they are not there (section 3.1): only then is a block decoded beside others. Expects the
 * one filter that disks are compressed with.
 */
function withSizes(bytes: Buffer, sizes: Omit<XzBlock, 'parts'>): XzBlock {
  const oldSize = (bytes.readUInt8(0) + 1) * 4
  const flags = bytes.readUInt8(1)
  if ((flags & sizesKnown) === sizesKnown) return { ...sizes, parts: [bytes] }
  if (flags !== 0)
    throw new Error(`expected an xz block with one filter and no sizes, got one with flags ${String(flags)}`)
  const filter = [...bytes.subarray(2, 5)]
  const compressedSize = sizes.unpaddedSize - oldSize - checkSize
  const fields = [0, sizesKnown, ...numberBytes(compressedSize), ...numberBytes(sizes.uncompressedSize), ...filter]
  const header = Buffer.alloc(Math.ceil(fields.length / 4) * 4)
  header.set(fields)
  header.writeUInt8(header.length / 4)
  return {
    ...sizes,
    parts: [header, checksum(header), bytes.subarray(oldSize)],
    unpaddedSize: sizes.unpaddedSize - oldSize + header.length + 4,
  }
}

/** A stream of one block. */
export function streamOf(block: XzBlock): Buffer {
  return Buffer.concat([streamHeader(), ...block.parts, streamEnd([block])])
}

/** The first bytes of a stream; its checks are CRC-64. */
export function streamHeader(): Buffer {
  return Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), streamFlags, checksum(streamFlags)])
}

/** What follows the blocks: the index and the footer. */
export function streamEnd(blocks: readonly Pick<XzBlock, 'unpaddedSize' | 'uncompressedSize'>[]): Buffer {
  const numbers = [blocks.length, ...blocks.flatMap((block) => [block.unpaddedSize, block.uncompressedSize])]
  const records = Buffer.from([0, ...numbers.flatMap(numberBytes)])
  const padded = Buffer.concat([records, Buffer.alloc(-records.length & 3)])
  const index = Buffer.concat([padded, checksum(padded)])
  const backward = Buffer.alloc(4)
  backward.writeUInt32LE(index.length / 4 - 1)
  const footer = Buffer.concat([backward, streamFlags])
  return Buffer.concat([index, checksum(footer), footer, Buffer.from('YZ')])
}

const streamFlags = Buffer.from([0, 4])

function checksum(bytes: Buffer): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(crc32(bytes))
  return buffer
}

/** Seven bits a byte, the lowest first (section 1.2). No size here needs more than a double holds. */
function numberBytes(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}

function readNumber(bytes: Buffer, start: number): [value: number, end: number] {
  let value = 0
  for (let at = start, scale = 1; ; at += 1, scale *= 128) {
    const byte = bytes.readUInt8(at)
    value += (byte & 127) * scale
    if (byte < 128) return [value, at + 1]
  }
}
