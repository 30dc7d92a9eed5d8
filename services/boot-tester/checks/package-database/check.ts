import { below } from '../../disk/below.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** The package manager can go on from where the build has stopped. */
export const packageDatabase: DiskCheck = {
  name: 'package-database',
  description: 'the package database can be read, and every package in it is installed and configured',
  severity: 'error',
  rule: 'dpkg-query(1), "Status"; rpm(8), "Query"; Debian Policy, 6.5 to 6.8',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree, packages: { facts, fault } }) => {
    if (fault !== null) return { outcome: 'failed', detail: fault }
    if (facts.size === 0) return { outcome: 'failed', detail: 'it lists no packages' }
    const states = [...facts].flatMap(([name, { state }]) =>
      // Wanted as it is ("hold") is installed too; of what was removed, its configuration may stay.
      state === undefined || state === 'hold ok installed' ? [] : [`${name} is "${state}"`],
    )
    const unfinished = below(tree, '/var/lib/dpkg/updates', '/var/lib/dpkg/triggers/Unincorp.new').map(
      ({ path }) => `${path} is not taken in`,
    )
    return passedIfNone([...states, ...unfinished], `${String(facts.size)} packages`)
  },
}
