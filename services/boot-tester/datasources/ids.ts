import { createHash } from 'node:crypto'

/** A UUID that an instance's id always leads to (RFC 9562, version 8). */
export function uuidOf(id: string): string {
  const hex = digest(id)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)]
  return parts.join('-')
}

/** An id of EC2's form: `i-` and 17 hexadecimal digits. One that has it stays as it is. */
export function ec2IdOf(id: string): string {
  return /^i-[0-9a-f]{17}$/.test(id) ? id : `i-${digest(id).slice(0, 17)}`
}

/** A decimal id, as Google's are. */
export function numberOf(id: string): string {
  return String(BigInt(`0x1${digest(id).slice(0, 15)}`))
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}
