/** The checksum that the hub checks uploads with, in eight digits. */
export function adler32(bytes: Uint8Array): string {
  let low = 1
  let high = 0
  for (const byte of bytes) {
    low = (low + byte) % 65_521
    high = (high + low) % 65_521
  }
  return (high * 65_536 + low).toString(16).padStart(8, '0')
}
