import type { Said } from '#events/define.ts'
import { composes, firstVersion, type Size } from './site.ts'

const hour = 3_600_000

/** What Pungi says each night: one compose of each release, the first at two o'clock, each half an hour after the other. */
export function composeMessages(
  { releases, days }: Pick<Size, 'releases'> & { readonly days: number },
  start: number,
): { at: number; event: Said }[] {
  return Array.from({ length: days }, (_, day) =>
    Array.from({ length: releases }, (_, release) => {
      const at = start + day * 24 * hour + 2 * hour + (release * hour) / 2
      return { at, event: composeMessage(String(firstVersion + release), at) }
    }),
  ).flat()
}

function composeMessage(version: string, at: number): Said {
  const date = new Date(at).toISOString().slice(0, 10).replaceAll('-', '')
  const id = `Fedora-${version}-${date}.n.0`
  const body = {
    compose_id: id,
    compose_date: date,
    compose_type: 'nightly',
    compose_respin: 0,
    compose_label: null,
    release_short: 'Fedora',
    release_version: version,
    release_type: 'ga',
    release_is_layered: false,
    status: 'FINISHED',
    location: `${composes}${id}/compose`,
  }
  return { subject: 'pungi.compose.status.change', body }
}
