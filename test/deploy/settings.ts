import { join } from 'node:path'
import { readHostSettings } from '#service/host-settings.ts'
import { findChannels } from '../../services/announcer/channels/find-channels.ts'
import { findEngines } from '../../services/builder/engines/find-engines.ts'
import { readArtifactSettings, readBusSettings, readLedgerSettings } from '../../cli/backends/settings.ts'

const root = join(import.meta.dirname, '..', '..')

type Environment = Readonly<Record<string, string>>

/** Reads an environment as a process of one service would. Throws, naming the variable, when it could not start with it. */
export async function readAllSettings(service: string, env: Environment): Promise<void> {
  readBusSettings(env)
  readLedgerSettings(env)
  readArtifactSettings(env)
  readHostSettings(env)
  if (service === 'migrate' || service === 'operator') return
  const module = (await import(join(root, 'services', service, 'config.ts'))) as Record<string, unknown>
  const read = Object.entries(module).find(([name]) => /^read\w+Config$/.test(name))?.[1]
  if (typeof read !== 'function') throw new Error(`services/${service}/config.ts exports no function that reads it`)
  // Only the announcer has settings that its folders declare.
  if (service === 'announcer') read(env, await findChannels([join(root, 'services/announcer/channels')]))
  else read(env)
  // And the builder those of its engines, which each reads when it is opened.
  const host = { env, deadline: 60_000, idleDeadline: 60_000 }
  const engines = service === 'builder' ? await findEngines([join(root, 'services/builder/engines')], host) : []
  const names = [service, ...[...engines].map(([name]) => name)]
  const prefixes = [
    'BUS',
    'LEDGER',
    'ARTIFACTS',
    'HOST',
    ...names.map((name) => name.toUpperCase().replaceAll('-', '_')),
  ]
  const known = (name: string) =>
    name === 'IMAGEDROP_STATE' || prefixes.some((one) => name.startsWith(`IMAGEDROP_${one}_`))
  const unknown = Object.keys(env).filter((name) => name.startsWith('IMAGEDROP_') && !known(name))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: the ${service} reads no such setting`)
}
