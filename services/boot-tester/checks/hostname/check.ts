import { passedIf, type GuestCheck } from '../check.ts'

/** The machine is called what its cloud calls it. */
export const hostname: GuestCheck = {
  name: 'hostname',
  description: 'the machine has the name that its cloud gave it',
  severity: 'error',
  rule: 'cloud-init, "Set hostname"; Fedora QA, Testcase cloudinit hostname',
  since: '2026-11-26',
  on: 'guest',
  script: `uname -n; grep -m 1 -o '"local_hostname": *"[^"]*"' /run/cloud-init/instance-data.json`,
  judge: ({ output }) => {
    const [own = '', told = ''] = output.split('\n')
    const given = /"([^"]*)"$/.exec(told)?.[1]
    if (given === undefined)
      return { outcome: 'failed', detail: `cloud-init does not say which name it was given: ${told}` }
    // A cloud may give the whole name, with the domain.
    return passedIf(own.split('.')[0] === given.split('.')[0], `it is called ${own}, and was given ${given}`)
  },
}
