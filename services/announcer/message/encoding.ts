/** How a body travels (RFC 2045 §6). */
export type Encoding = '7bit' | '8bit' | 'quoted-printable'

/** RFC 5322 §2.1.1: what a line may hold besides its end. */
const longestLine = 998

/**
 * The plainest encoding that carries a body: as it is, so that archives and grep show it as it was written. Only lines
 * that no mail may hold, as a path of thousands of letters, need quoted-printable.
 */
export function encodingOf(body: Buffer): Encoding {
  if (
    body
      .toString('latin1')
      .split('\r\n')
      .some((line) => line.length > longestLine)
  )
    return 'quoted-printable'
  return isAscii(body) ? '7bit' : '8bit'
}

/** Whether every byte goes through a server that knows nothing of 8BITMIME. */
export function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80)
}

/** Encodes a body. */
export async function encodeBody(body: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding !== 'quoted-printable') return body
  const { encode, wrap } = await import('nodemailer/lib/qp')
  return Buffer.from(wrap(encode(body)), 'latin1')
}

/** The same message for a server that takes no 8-bit bytes (RFC 6152 §3): its body in quoted-printable. */
export async function toSevenBit(message: Buffer): Promise<Buffer> {
  const end = message.indexOf('\r\n\r\n') + 4
  const head = message.subarray(0, end).toString('latin1')
  const body = await encodeBody(message.subarray(end), 'quoted-printable')
  return Buffer.concat([
    Buffer.from(head.replace(/^(Content-Transfer-Encoding:) 8bit/im, '$1 quoted-printable'), 'latin1'),
    body,
  ])
}
