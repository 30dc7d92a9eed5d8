import { readFile } from 'node:fs/promises'
import { PermanentError } from '#service/errors.ts'
import type { Glance } from './api/glance.ts'
import { createSend, type Send, type Wire } from '#publishing/http.ts'
import { authorize } from './api/keystone.ts'
import { createSession } from './api/session.ts'
import type { OpenstackSettings, WantedCloud } from './config.ts'
import { readCloud } from './clouds-file.ts'

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
  const { place, name, region } = wanted
  const cloud = await readCloud(name, cloudsFile, env)
  const ca = cloud.cacert === undefined ? null : await readFile(cloud.cacert, 'utf8')
  const send = connect({ ca, verify: cloud.verify, silence: silenceSeconds * 1000 })
  const session = createSession(send, (signal) => authorize(place, cloud, region, send, signal), now)
  return { place, session, wanted }
}
