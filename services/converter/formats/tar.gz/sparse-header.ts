import { block, tarHeader, writeChecksum, writeNumber } from '../tar/tar.ts'

/** A stretch of the member that is in the archive; what lies between two is zeros. */
export interface Stretch {
  readonly position: number
  readonly length: number
}

/** A member whose zeros are left out. */
export interface SparseMember {
  readonly name: string
  /** With its zeros. */
  readonly size: number
  readonly time: Date
  readonly stretches: readonly Stretch[]
}

const entrySize = 24
const entriesOfHeader = 4
const entriesOfExtension = 21
const mapAt = 386

/** The header of a sparse member, and the blocks that go on with its map, as `tar --format=oldgnu --sparse` writes them. */
export function sparseHeader({ name, size, time, stretches }: SparseMember): Buffer {
  const stored = stretches.reduce((sum, { length }) => sum + length, 0)
  const last = stretches.at(-1)
  // An empty stretch at the very end tells readers how far the zeros go that follow the last one.
  const endsInZeros = last === undefined || last.position + last.length < size
  const map = endsInZeros ? [...stretches, { position: size, length: 0 }] : stretches

  const header = tarHeader({ name, size: stored, time })
  header.write('S', 156, 'ascii')
  writeMap(header, mapAt, map.slice(0, entriesOfHeader))
  const rest = map.slice(entriesOfHeader)
  header.writeUInt8(rest.length > 0 ? 1 : 0, mapAt + entriesOfHeader * entrySize)
  writeNumber(header, 483, size)
  writeChecksum(header)

  const extensions: Buffer[] = []
  for (let index = 0; index < rest.length; index += entriesOfExtension) {
    const extension = Buffer.alloc(block)
    writeMap(extension, 0, rest.slice(index, index + entriesOfExtension))
    extension.writeUInt8(index + entriesOfExtension < rest.length ? 1 : 0, entriesOfExtension * entrySize)
    extensions.push(extension)
  }
  return Buffer.concat([header, ...extensions])
}

function writeMap(bytes: Buffer, start: number, stretches: readonly Stretch[]): void {
  for (const [index, { position, length }] of stretches.entries()) {
    writeNumber(bytes, start + index * entrySize, position)
    writeNumber(bytes, start + index * entrySize + entrySize / 2, length)
  }
}
