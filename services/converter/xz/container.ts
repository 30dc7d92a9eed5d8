import { crc32 } from 'node:zlib'

/** A block of an .xz stream, as it stands between the stream's header and its index (xz file format, section 3). */
export interface XzBlock {
  readonly bytes: Buffer
  /** Without the padding at its end. */
  readonly unpaddedSize: number
  readonly uncompressedSize: number
}

const headerSize = 12
const footerSize = 12

/** Takes the only block out of a stream that xz made. */
export function onlyBlock(stream: Buffer): XzBlock {
  const [block, ...others] = blocksOf(stream)
  if (block && others.length === 0) return block
  throw new Error(`expected an xz stream of one block, got one of ${String(others.length + (block ? 1 : 0))}`)
}

/** Takes the blocks out of a stream that xz made; each is the same as if it had been compressed alone. */
export function blocksOf(stream: Buffer): XzBlock[] {
  const indexSize = (stream.readUInt32LE(stream.length - 8) + 1) * 4
  const index = stream.subarray(stream.length - footerSize - indexSize, stream.length - footerSize)
  const [count, afterCount] = readNumber(index, 1)
  const blocks: XzBlock[] = []
  let start = headerSize
  for (let at = afterCount; blocks.length < count;) {
    const [unpaddedSize, afterUnpadded] = readNumber(index, at)
    const [uncompressedSize, afterBoth] = readNumber(index, afterUnpadded)
    const end = start + Math.ceil(unpaddedSize / 4) * 4
    blocks.push({ bytes: stream.subarray(start, end), unpaddedSize, uncompressedSize })
    start = end
    at = afterBoth
  }
  return blocks
}

/** A stream of one block, as xz writes it. */
export function streamOf(block: XzBlock): Buffer {
  return Buffer.concat([streamHeader(), block.bytes, streamEnd([block])])
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
