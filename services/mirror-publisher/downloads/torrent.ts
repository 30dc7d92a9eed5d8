import { bencode } from './bencode.ts'
import type { PieceHashes } from './hash-pieces.ts'

interface TorrentOptions {
  readonly name: string
  readonly size: number
  readonly pieces: PieceHashes
  /** The file on mirrors, which seed it (BEP 19): nobody else needs to. */
  readonly urls: readonly string[]
  readonly trackers: readonly string[]
}

/**
 * A torrent of one file. Its info hash depends on the file's name and bytes alone: who makes it, when, and which mirrors there
 * are is outside of what is hashed.
 */
export function formatTorrent({ name, size, pieces, urls, trackers }: TorrentOptions): Buffer {
  const [announce] = trackers
  return bencode({
    ...(announce === undefined ? {} : { announce, 'announce-list': trackers.map((tracker) => [tracker]) }),
    'created by': 'imagedrop',
    info: { length: size, name, 'piece length': pieces.length, pieces: Buffer.concat(pieces.sha1) },
    'url-list': urls,
  })
}
