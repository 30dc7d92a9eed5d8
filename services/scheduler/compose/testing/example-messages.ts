import type { ComposeStatusChanged } from '#events/compose.ts'

/** Real messages of Fedora's bus, as their consumers' tests have them, and others in their manner. */
export const rawhideIncomplete: ComposeStatusChanged = {
  status: 'FINISHED_INCOMPLETE',
  release_type: 'ga',
  compose_label: null,
  compose_respin: 0,
  compose_date: '20180426',
  release_version: 'Rawhide',
  location: 'http://kojipkgs.fedoraproject.org/compose/rawhide/Fedora-Rawhide-20180426.n.0/compose',
  compose_type: 'nightly',
  release_is_layered: false,
  release_name: 'Fedora',
  release_short: 'Fedora',
  compose_id: 'Fedora-Rawhide-20180426.n.0',
}

export const postRelease: ComposeStatusChanged = {
  status: 'FINISHED',
  release_type: 'ga',
  compose_label: 'RC-20180425.0',
  compose_respin: 0,
  compose_date: '20180425',
  release_version: '28',
  location: 'https://kojipkgs.fedoraproject.org/compose/28/latest-Fedora-28/compose',
  compose_type: 'production',
  release_is_layered: false,
  release_name: 'Fedora-Cloud',
  release_short: 'Fedora-Cloud',
  compose_id: 'Fedora-28-20180425.0',
}

export const branchedStarted: ComposeStatusChanged = {
  status: 'STARTED',
  release_type: 'ga',
  compose_label: null,
  compose_respin: 0,
  compose_date: '20180321',
  release_version: '28',
  location: 'http://kojipkgs.fedoraproject.org/compose/branched/Fedora-28-20180321.n.0/compose',
  compose_type: 'nightly',
  release_is_layered: false,
  release_name: 'Fedora',
  release_short: 'Fedora',
  compose_id: 'Fedora-28-20180321.n.0',
}

/** A finished production compose with a label. */
export function candidate(version: string, label: string, date: string, respin = 0): ComposeStatusChanged {
  const id = `Fedora-${version}-${date}.${String(respin)}`
  return {
    ...postRelease,
    compose_id: id,
    compose_label: label,
    compose_date: date,
    compose_respin: respin,
    release_version: version,
    release_name: 'Fedora',
    release_short: 'Fedora',
    location: `https://kojipkgs.fedoraproject.org/compose/${version}/${id}/compose`,
  }
}

/** A finished nightly compose. */
export function nightly(version: string, date: string, respin = 0): ComposeStatusChanged {
  const id = `Fedora-${version}-${date}.n.${String(respin)}`
  return {
    ...rawhideIncomplete,
    status: 'FINISHED',
    compose_id: id,
    compose_date: date,
    compose_respin: respin,
    release_version: version,
    location: `https://kojipkgs.fedoraproject.org/compose/nightly/${id}/compose`,
  }
}

/** A message of 2015 to 2017 has no more than this. */
export function sparse({ compose_id, location, status }: ComposeStatusChanged): ComposeStatusChanged {
  return { compose_id, location, status }
}
