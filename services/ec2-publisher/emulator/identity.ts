import { randomBytes } from 'node:crypto'

/** A fresh id in AWS's form: `ami-` and 17 hexadecimal digits. */
export function freshId(kind: 'ami' | 'snap' | 'import-snap' | 'i' | 'r'): string {
  return `${kind}-0${randomBytes(8).toString('hex')}`
}
