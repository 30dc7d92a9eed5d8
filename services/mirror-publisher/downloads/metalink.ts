import type { PieceHashes } from './hash-pieces.ts'
import { escapeMarkup } from '../markup.ts'

/** Where a file can be had. */
export interface Source {
  readonly url: string
  readonly location: string | null
  readonly priority: number | null
}

interface MetalinkOptions {
  readonly name: string
  readonly size: number
  readonly sha256: string
  readonly pieces: PieceHashes
  readonly sources: readonly Source[]
  /** Addresses of its torrent. */
  readonly torrents: readonly Source[]
  /** Which drop it is of, for people. */
  readonly drop: string
}

/** A metalink (RFC 5854): where a file can be had, and by what it is checked, as a whole and in pieces. */
export function formatMetalink({ name, size, sha256, pieces, sources, torrents, drop }: MetalinkOptions): string {
  const lines = [
    `<size>${String(size)}</size>`,
    `<identity>${escapeMarkup(drop)}</identity>`,
    `<hash type="sha-512">${pieces.sha512}</hash>`,
    `<hash type="sha-256">${sha256}</hash>`,
    `<pieces length="${String(pieces.length)}" type="sha-256">`,
    ...pieces.sha256.map((digest) => `  <hash>${digest}</hash>`),
    '</pieces>',
    ...torrents.map((one) => `<metaurl mediatype="torrent"${priorityOf(one)}>${escapeMarkup(one.url)}</metaurl>`),
    ...sources.map((one) => `<url${locationOf(one)}${priorityOf(one)}>${escapeMarkup(one.url)}</url>`),
  ]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<metalink xmlns="urn:ietf:params:xml:ns:metalink">',
    '  <generator>imagedrop</generator>',
    `  <file name="${escapeMarkup(name)}">`,
    ...lines.map((line) => `    ${line}`),
    '  </file>',
    '</metalink>',
    '',
  ].join('\n')
}

function locationOf({ location }: Source): string {
  return location === null ? '' : ` location="${location}"`
}

function priorityOf({ priority }: Source): string {
  return priority === null ? '' : ` priority="${String(priority)}"`
}
