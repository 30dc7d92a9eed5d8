import type { Said } from '#events/define.ts'
import { composes, firstVersion, type Size } from './site.ts'

const hour = 3_600_000

/**
 * What Pungi says each night: one compose of each release, the first at two o'clock, each half an hour after the other. A candidate
 * of the first release comes half an hour after the last of the first night.
 */
export function composeMessages(
  { releases, days, candidate }: Pick<Size, 'releases'> & { readonly days: number; readonly candidate: boolean },
  start: number,
): { at: number; event: Said }[] {
  const nightly = Array.from({ length: days }, (_, day) =>
    Array.from({ length: releases }, (_, release) => {
      const at = start + day * 24 * hour + 2 * hour + (release * hour) / 2
      return { at, event: composeMessage(String(firstVersion + release), at, 'nightly') }
    }),
  ).flat()
  if (!candidate) return nightly
  const at = start + 2 * hour + (releases * hour) / 2
  return [...nightly, { at, event: composeMessage(String(firstVersion), at, 'Beta-1.1') }]
}

/** Whether a drop is of a candidate: those alone are for a milestone. */
export function isCandidate(drop: string): boolean {
  return drop.startsWith('milestone-')
}

function composeMessage(version: string, at: number, label: string): Said {
  const date = new Date(at).toISOString().slice(0, 10).replaceAll('-', '')
  const isNightly = label === 'nightly'
  const id = `Fedora-${version}-${date}${isNightly ? '.n' : ''}.0`
  const body = {
    compose_id: id,
    compose_date: date,
    compose_type: isNightly ? 'nightly' : 'production',
    compose_respin: 0,
    compose_label: isNightly ? null : label,
    release_short: 'Fedora',
    release_version: version,
    release_type: 'ga',
    release_is_layered: false,
    status: 'FINISHED',
    location: `${composes}${id}/compose`,
  }
  return { subject: 'pungi.compose.status.change', body }
}
