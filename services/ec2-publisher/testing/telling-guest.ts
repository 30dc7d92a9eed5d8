import { parse } from 'yaml'
import { facts, type Fact } from '#publishing/telling-guest.ts'
import { nobody, type Guest } from '../emulator/guests.ts'
import { privateHostOf } from '../emulator/private-host.ts'
import type { InstanceRecord } from '../emulator/records.ts'

/** A guest in an emulated instance that says what user data asks for, with other words for some of it. */
export function tellingGuest(instance: InstanceRecord, other: Partial<Record<Fact, string>> = {}): Guest {
  const { bootcmd } = parse(Buffer.from(instance.userData, 'base64').toString('utf8')) as { bootcmd: string[] }
  const nonce = /imagedrop-([0-9a-f]+) /.exec(bootcmd.at(-1) ?? '')?.[1] ?? ''
  const told: Record<Fact, string> = {
    datasource: 'DataSourceEc2Local: DataSourceEc2Local',
    'instance-id': instance.id,
    hostname: privateHostOf(instance),
    'default-user': 'debian',
    'authorized-keys': '0',
    password: '!',
    ...other,
  }
  const lines = [...facts.map((fact) => `${fact}=<${told[fact]}>`), 'end=<>'].map(
    (line) => `imagedrop-${nonce} ${line}`,
  )
  return { ...nobody, console: () => ['Linux version 6.1.0', ...lines].join('\r\n') }
}
