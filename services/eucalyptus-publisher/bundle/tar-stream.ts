import { createReadStream } from 'node:fs'

const block = 512
/** tar pads an archive to records of so many bytes. */
const record = 20 * block
/** The largest number that the octal field holds. */
const mostOctal = 0o77777777777

/** A file as the only member of a tar archive in GNU's form, always the same bytes. */
export async function* tarStream(name: string, path: string, size: number): AsyncGenerator<Buffer> {
  yield header(name, size)
  let read = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    read += chunk.length
    yield chunk
  }
  if (read !== size) throw new Error(`${path} has ${String(read)} bytes, not ${String(size)}`)
  const ending = block + size
  yield Buffer.alloc(Math.ceil((ending + 2 * block) / record) * record - ending)
}

function header(name: string, size: number): Buffer {
  const bytes = Buffer.alloc(block)
  bytes.write(name, 0, 99, 'ascii')
  bytes.write('0000644\0', 100)
  bytes.write('0000000\0', 108)
  bytes.write('0000000\0', 116)
  writeSize(bytes, size)
  bytes.write('00000000000\0', 136)
  bytes.write('        ', 148)
  bytes.write('0', 156)
  bytes.write('ustar  \0', 257)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}

/** From 8 GiB on, as a binary number with the highest bit set. */
function writeSize(bytes: Buffer, size: number): void {
  if (size <= mostOctal) {
    bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
    return
  }
  bytes[124] = 0x80
  bytes.writeBigUInt64BE(BigInt(size), 128)
}
