/**
 * A name as text. The bytes of names need not be UTF-8; those that are not become lone surrogates, so that two names are
 * never one text (Python calls it `surrogateescape`).
 */
export function decodeName(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd')) return text
  let name = ''
  for (let at = 0; at < bytes.length;) {
    const length = lengthOfCharacter(bytes, at)
    name += length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length)
    at += Math.max(1, length)
  }
  return name
}

/** How many bytes the character has that begins here; 0 when none does. */
function lengthOfCharacter(bytes: Buffer, at: number): number {
  for (const length of [1, 2, 3, 4]) {
    const character = bytes.subarray(at, at + length)
    if (Buffer.from(character.toString('utf8')).equals(character)) return length
  }
  return 0
}
