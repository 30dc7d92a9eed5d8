import { PermanentError } from '#service/errors.ts'
import type { Glance } from '#openstack/glance.ts'
import { openCloud } from '#openstack/open-cloud.ts'
import { createSend, type Send, type Wire } from '#publishing/http.ts'
import type { OpenstackSettings, WantedCloud } from './config.ts'

/** A cloud that we publish to. */
export interface Place extends Glance {
  readonly wanted: WantedCloud
}

/** Finds the clouds that the settings name; each speaks for itself. */
export type OpenPlaces = () => Promise<readonly Place[]>

/** Reads clouds.yaml anew for each job, so that changed credentials need no restart. Asks no cloud yet. */
export function createOpenPlaces(
  settings: OpenstackSettings,
  env: Readonly<Record<string, string | undefined>>,
  connect: (wire: Wire) => Send = createSend,
  now: () => number = Date.now,
): OpenPlaces {
  return async () => {
    if (settings.clouds.length === 0)
      throw new PermanentError('environment', 'IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS names no cloud of clouds.yaml')
    return await Promise.all(settings.clouds.map((wanted) => openPlace(wanted, settings, env, { connect, now })))
  }
}

async function openPlace(
  wanted: WantedCloud,
  { cloudsFile, silenceSeconds }: OpenstackSettings,
  env: Readonly<Record<string, string | undefined>>,
  { connect, now }: { readonly connect: (wire: Wire) => Send; readonly now: () => number },
): Promise<Place> {
  const { place } = wanted
  const session = await openCloud({ ...wanted, cloudsFile, silenceSeconds, env, connect, now })
  return { place, session: session('image'), wanted }
}
