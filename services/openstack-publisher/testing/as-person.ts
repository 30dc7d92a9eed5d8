import { changeImage } from '#openstack/glance.ts'
import { readOpenstackPublisherConfig } from '../config.ts'
import { createOpenPlaces, type Place } from '../places.ts'
import type { Bench } from './bench.ts'

/** What a process beside the bench's publisher is told, to find the same cloud. */
export function envOf({ cloudsFile }: Pick<Bench, 'cloudsFile'>) {
  return {
    IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: 'one=community',
    IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS_FILE: cloudsFile,
    IMAGEDROP_OPENSTACK_PUBLISHER_POLL_SECONDS: '0.1',
  }
}

/** Changes an image as a person with the same account does. */
export async function change(
  bench: Bench,
  id: string,
  values: Readonly<Record<string, string | boolean>>,
): Promise<void> {
  await changeImage(await placeOf(bench), id, values, AbortSignal.timeout(60_000))
}

async function placeOf(bench: Bench): Promise<Place> {
  const [place] = await createOpenPlaces(readOpenstackPublisherConfig(envOf(bench)), envOf(bench))()
  if (place === undefined) throw new Error('there is no cloud')
  return place
}
