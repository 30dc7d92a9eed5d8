import { passedIf, type GuestCheck } from '../check.ts'

/** Everything that the image starts by itself has started. */
export const failedUnits: GuestCheck = {
  name: 'failed-units',
  description: 'the system came up and no unit failed',
  severity: 'error',
  rule: 'Fedora release criteria, "System services"',
  since: null,
  on: 'guest',
  script: 'systemctl is-system-running --wait; systemctl list-units --failed --plain --no-legend --no-pager',
  judge: ({ output }) => {
    const [state = 'unknown', ...failed] = output.trim().split('\n')
    const units = failed.map((line) => line.trim().split(/\s+/)[0]).filter((unit) => unit !== undefined)
    return passedIf(
      state === 'running' && units.length === 0,
      [`system is ${state}`, units.length > 0 ? `failed: ${units.join(', ')}` : 'no failed units'].join(', '),
    )
  },
}
