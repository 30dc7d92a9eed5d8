import { readFile } from 'node:fs/promises'
import { createSend, type Send, type Wire } from '#publishing/http.ts'
import { PermanentError } from '#service/errors.ts'
import { createClient, type Client } from './api/client.ts'
import { findZone } from './api/templates.ts'
import { readCloud } from './config-file.ts'
import type { CloudstackSettings, WantedZone } from './config.ts'

/** A zone that we publish to. */
export interface Place {
  readonly wanted: WantedZone
  readonly client: Client
  /** Id of the zone. */
  readonly zone: string
}

/** A zone that is yet to be asked for. */
export interface ClosedPlace {
  readonly place: string
  /** Asks the cloud for its zone. Throws PermanentError naming what is not there. */
  readonly open: (signal: AbortSignal) => Promise<Place>
}

/** Finds the zones that the settings name; each is asked for by itself, so that a cloud that is away holds up no other. */
export type OpenPlaces = () => readonly ClosedPlace[]

/** Reads cloudstack.ini anew for each job, so that changed credentials need no restart. */
export function createOpenPlaces(
  settings: CloudstackSettings,
  env: Readonly<Record<string, string | undefined>>,
  connect: (wire: Wire) => Send = createSend,
): OpenPlaces {
  return () => {
    if (settings.clouds.length === 0)
      throw new PermanentError('environment', 'IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS names no zone of a cloud')
    return settings.clouds.map((wanted) => ({
      place: wanted.place,
      open: (signal) => openPlace(wanted, settings, env, connect, signal),
    }))
  }
}

async function openPlace(
  wanted: WantedZone,
  { configFile, silenceSeconds }: CloudstackSettings,
  env: Readonly<Record<string, string | undefined>>,
  connect: (wire: Wire) => Send,
  signal: AbortSignal,
): Promise<Place> {
  const cloud = await readCloud(wanted.name, configFile, env)
  const ca = cloud.verify === undefined ? null : await readFile(cloud.verify, 'utf8')
  const send = connect({ ca, verify: !cloud.dangerous_no_tls_verify, silence: silenceSeconds * 1000 })
  const { place } = wanted
  const client = createClient({ place, endpoint: cloud.endpoint, account: cloud, send, now: () => new Date() })
  const zone = await findZone(client, wanted.zone, signal)
  if ('id' in zone) return { wanted, client, zone: zone.id }
  throw new PermanentError(
    'environment',
    `${wanted.name} has no zone ${wanted.zone}; it has ${zone.names.join(', ') || 'none'}`,
  )
}
