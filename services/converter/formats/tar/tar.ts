/** The one member of an archive. */
export interface TarMember {
  readonly name: string
  readonly size: number
  readonly time: Date
}

/** The field has 100 bytes, and old readers want a NUL at its end. */
export const longestMemberName = 99

/** What archives are made of. */
export const block = 512
/** GNU tar writes in records of 20 blocks, and some readers of tapes and devices want them whole. */
const record = 20 * block
const sizeOfOctal = 8 ** 11

/**
 * The header of a plain file of root's, as `tar --format=gnu` writes it. That form, because it is the one that all
 * readers take for disks of 8 GiB and more; never a sparse member, which only some can unpack.
 */
export function tarHeader({ name, size, time }: TarMember): Buffer {
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > longestMemberName) {
    throw new RangeError(`a tar member needs a name of 1 to ${String(longestMemberName)} ASCII characters, got ${name}`)
  }
  const header = Buffer.alloc(block)
  header.write(name, 0, 'ascii')
  header.write('0000644\0', 100, 'ascii')
  header.write('0000000\0', 108, 'ascii')
  header.write('0000000\0', 116, 'ascii')
  writeNumber(header, 124, size)
  header.write(`${octal(Math.floor(time.getTime() / 1000), 11)}\0`, 136, 'ascii')
  header.write('0', 156, 'ascii')
  header.write('ustar  \0', 257, 'ascii')
  writeChecksum(header)
  return header
}

/** Sums up all bytes of a header, its own eight taken for spaces. */
export function writeChecksum(header: Buffer): void {
  header.write('        ', 148, 'ascii')
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${octal(checksum, 6)}\0 `, 148, 'ascii')
}

/** Writes a field of 12 bytes: eleven octal digits; what they cannot hold in base 256, marked by the highest bit. */
export function writeNumber(header: Buffer, at: number, value: number): void {
  if (value < sizeOfOctal) {
    header.write(`${octal(value, 11)}\0`, at, 'ascii')
  } else {
    header.writeUInt8(0x80, at)
    header.writeBigUInt64BE(BigInt(value), at + 4)
  }
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

/** What follows a member of this size: it is filled to a block, two blocks of zeros end the archive. */
export function tarEnd(size: number, headers = 1): Buffer {
  const written = headers * block + size
  const whole = Math.ceil((written + 2 * block) / record) * record
  const padded = Math.ceil(written / block) * block
  return Buffer.alloc(Math.max(whole, padded + 2 * block) - written)
}
