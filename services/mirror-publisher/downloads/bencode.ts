/** What torrents are written in (BEP 3). */
export type Bencodable = number | string | Buffer | readonly Bencodable[] | { readonly [key: string]: Bencodable }

/** Writes a value in bencoding, which has one form for each value. */
export function bencode(value: Bencodable): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value.toFixed(0)}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${String(value.length)}:`), value])
  if (isList(value)) return enclose('l', value.map(bencode))
  const keys = Object.keys(value).toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  return enclose(
    'd',
    keys.flatMap((key) => [bencode(key), bencode(value[key] ?? '')]),
  )
}

function isList(value: readonly Bencodable[] | { readonly [key: string]: Bencodable }): value is readonly Bencodable[] {
  return Array.isArray(value)
}

function enclose(letter: string, parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(letter), ...parts, Buffer.from('e')])
}
