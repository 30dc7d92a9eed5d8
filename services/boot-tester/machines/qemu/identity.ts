import type { CloudIdentity } from '../../datasources/datasource.ts'
import { escapeValue } from './option-value.ts'

/** The arguments by which the firmware says what the cloud's firmware says. What the cloud leaves open stays QEMU's. */
export function identityArguments({ manufacturer, product, serial, uuid, assetTag }: CloudIdentity): string[] {
  const system = fields({ manufacturer, product, serial, uuid })
  const chassis = fields({ asset: assetTag })
  return [
    ...(system === '' ? [] : ['-smbios', `type=1${system}`]),
    ...(chassis === '' ? [] : ['-smbios', `type=3${chassis}`]),
  ]
}

function fields(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : `,${name}=${escapeValue(value)}`))
    .join('')
}
