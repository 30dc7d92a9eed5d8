/** A name in a folder, with what is said of the file there. */
export interface FolderEntry {
  readonly name: Buffer
  /** Of its 32 bytes, from the beginning of the folder. */
  readonly at: number
  readonly isFolder: boolean
  readonly isReadOnly: boolean
  readonly isLabel: boolean
  readonly cluster: number
  readonly size: number
}

export const entrySize = 32
/** Marks of an entry that holds a part of a long name, instead of a file. */
const longName = 0x0f

/** The entries of a folder. Long names stand before the entry that they are of, the last part first. */
export function entriesIn(folder: Buffer): FolderEntry[] {
  const entries: FolderEntry[] = []
  let long: { readonly sum: number; readonly parts: Buffer[] } | null = null
  for (let at = 0; at + entrySize <= folder.length && folder[at] !== 0; at += entrySize) {
    const bytes = folder.subarray(at, at + entrySize)
    const attributes = bytes.readUInt8(11) & 0x3f
    if (bytes[0] === 0xe5) long = null
    else if (attributes === longName) {
      const isLastPart: boolean = (bytes.readUInt8(0) & 0x40) !== 0
      if (isLastPart) long = { sum: bytes.readUInt8(13), parts: [] }
      long?.parts.unshift(partOf(bytes))
    } else {
      const isTheirs: boolean = long !== null && long.sum === sumOf(bytes)
      const name = isTheirs && long ? textOf(Buffer.concat(long.parts)) : shortName(bytes)
      entries.push(readEntry(bytes, name, at))
      long = null
    }
  }
  return entries
}

/** What an entry says, whatever its long name is. */
export function readEntry(bytes: Buffer, name: Buffer = shortName(bytes), at = 0): FolderEntry {
  const attributes = bytes.readUInt8(11)
  return {
    name,
    at,
    isReadOnly: (attributes & 0x01) !== 0,
    isLabel: (attributes & 0x08) !== 0,
    isFolder: (attributes & 0x10) !== 0,
    cluster: bytes.readUInt16LE(20) * 2 ** 16 + bytes.readUInt16LE(26),
    size: bytes.readUInt32LE(28),
  }
}

function partOf(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(1, 11), bytes.subarray(14, 26), bytes.subarray(28, 32)])
}

function textOf(utf16: Buffer): Buffer {
  return Buffer.from(utf16.toString('utf16le').replace(/\0.*$/s, ''))
}

/** Long names belong to the entry of this sum over its short one. */
function sumOf(bytes: Buffer): number {
  return bytes.subarray(0, 11).reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0)
}

/** Eight characters, a dot and three; the bits say which of the two are in small letters. */
function shortName(bytes: Buffer): Buffer {
  const small = bytes.readUInt8(12)
  const part = (from: number, to: number, isSmall: boolean) => {
    const text = bytes.toString('latin1', from, to).replace(/ +$/, '')
    return isSmall ? text.toLowerCase() : text
  }
  const stem = part(0, 8, (small & 0x08) !== 0)
  // The byte itself would say that the file was removed.
  const name = stem.startsWith('\u0005') ? `\u00e5${stem.slice(1)}` : stem
  const ending = part(8, 11, (small & 0x10) !== 0)
  return Buffer.from(ending === '' ? name : `${name}.${ending}`, 'latin1')
}
